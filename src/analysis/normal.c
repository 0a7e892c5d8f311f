/*
 * normal: the normal distribution and its inverse, to double precision, the latter of which the C
 * library does not have.
 */
#include <math.h>

#include "analysis/statistics.h"

double hs__analysis_normal_cdf(double z)
{
    return 0.5 * erfc(-z * 0.70710678118654752440);
}

/* Highest power first. */
static double polynomial(const double coefficients[8], double x)
{
    double sum = coefficients[0];

    for (size_t i = 1; i < 8; ++i)
        sum = sum * x + coefficients[i];
    return sum;
}

/* Wichura (1988), algorithm AS 241, PPND16: numerators and denominators for the middle, the sides and the far tails. */
static const double middle[2][8] = {
    {2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0},
    {5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0}};
static const double side[2][8] = {
    {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0},
    {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0}};
static const double tail[2][8] = {
    {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0},
    {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0}};

/*
 * The relative error is about 1e-16, far beyond need: intervals are to be the same on every
 * machine.
 */
double hs__analysis_normal_quantile(double p)
{
    double from_middle = p - 0.5;

    if (fabs(from_middle) <= 0.425) {
        double r = 0.180625 - from_middle * from_middle;
        return from_middle * polynomial(middle[0], r) / polynomial(middle[1], r);
    }
    double r = sqrt(-log(from_middle < 0 ? p : 1.0 - p));
    if (!isfinite(r))
        return from_middle < 0 ? -HUGE_VAL : HUGE_VAL;
    const double(*rational)[8] = r <= 5.0 ? side : tail;
    r -= r <= 5.0 ? 1.6 : 5.0;
    double z = polynomial(rational[0], r) / polynomial(rational[1], r);
    return from_middle < 0 ? -z : z;
}
