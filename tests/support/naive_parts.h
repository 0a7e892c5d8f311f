/* What the layers of the naive model are made of, each applied to one row: products, norms, MLPs and mixtures. */
#ifndef HEADSWEEP_TESTS_NAIVE_PARTS_H
#define HEADSWEEP_TESTS_NAIVE_PARTS_H

#include "headsweep/model.h"

/* n zeros, to be freed. */
double *naive_doubles(size_t n);

void naive_linear(double *y, const double *x, const hs_linear *linear);

/* y [n] of x [n]: the layer or RMS norm of the shape. */
void naive_norm(double *y, const double *x, const hs_norm *norm, size_t n, const hs_model_shape *shape);

/* The same of a row [width], in place. */
void naive_norm_in_place(double *row, const hs_norm *norm, const hs_model_shape *shape);

double naive_activation(double x, hs_activation activation);

/* down [width] of the normed row; `hidden` has room for what is between. */
void naive_mlp(double *down, double *hidden, const double *normed, const hs_expert *mlp, const hs_model_shape *shape);

/* Adds to down [width] the chosen experts of the normed row, by their shares. */
void naive_mixture(double *down, const double *normed, const hs_mixture *mixture, const hs_model_shape *shape);

#endif
