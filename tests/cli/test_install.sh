#!/bin/bash
# The installed library is found through pkg-config, wherever it was installed, and a program links against it.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

prefix=$work/prefix
expect 0 cmake --install "$HEADSWEEP_BUILD" --prefix "$prefix"
expect 0 "$prefix/bin/headsweep" --version
cat >program.c <<'C'
#include <headsweep/model.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    hs_error error = {0};
    hs_model *model = NULL;

    if (argc != 2 || hs_model_open(argv[1], &model, &error) != HS_OK)
        return 1;
    printf("%zu layers\n", model->shape.n_layers);
    hs_model_free(model);
    return 0;
}
C
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name headsweep.pc)")
export PKG_CONFIG_PATH
expect 0 pkg-config --static --cflags --libs headsweep
flags=()
# The folder's name has a space, which pkg-config escapes for a shell.
eval "flags=($(cat "$work/out"))"
expect 0 cc -o program program.c "${flags[@]}" ${HEADSWEEP_LINK_FLAGS:+"$HEADSWEEP_LINK_FLAGS"}
expect 0 ./program "$HEADSWEEP_SOURCE/configs/quickstart/model"
says out "4 layers"
echo "install: passed"
