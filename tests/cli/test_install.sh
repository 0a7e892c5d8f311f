#!/bin/bash
# What is installed works from where it was installed: the library, which is found through pkg-config, the job
# scripts, the examples, man pages, completion for shells, the modulefile; and the Debian package has it all.
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

# Job scripts and examples: beside the program, by HEADSWEEP_HOME, and as copies somewhere else with the program on
# PATH.
share=$prefix/share/headsweep
small=(--set tasks.toxicity.limit=4 --set tasks.accuracy.limit=4 --set "sweep.orders=[1]" --set analysis.resamples=100)
for script in launch.sh local.sh submit.sh report.sbatch sweep.sbatch sweep_array.sbatch sweep.pbs sweep.lsf sweep.flux; do
    [ -x "$share/jobs/$script" ] || fail "$script is not installed"
done
export HEADSWEEP_RANKS=1
expect 0 "$share/jobs/local.sh" "$share/configs/quickstart/quickstart.cfg" "${small[@]}" --set output.results=a.h5
says err "wrote   a.h5"
expect 0 bash "$share/jobs/report.sbatch" "$share/configs/quickstart/quickstart.cfg" "${small[@]}" --set output.results=a.h5
cp -r "$share/jobs" copied
expect 2 env PATH=/usr/bin:/bin bash copied/local.sh "$quickstart"
says err "build it first"
expect 0 env "PATH=$prefix/bin:$PATH" bash copied/local.sh "$quickstart" "${small[@]}" --set output.results=b.h5
for file in quickstart/quickstart generation/generation datasets/sst2; do
    expect 0 "$prefix/bin/headsweep" run --print-results "$share/configs/$file.cfg"
done

# A man page of each command has every option that --help has, and groff finds nothing to say of it.
commands=$("$prefix/bin/headsweep" --help | sed -n '/^commands/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 8 ] || fail "--help lists few commands: $commands"
for command in $commands; do
    page=$prefix/share/man/man1/headsweep-$command.1
    [ -s "$page" ] || fail "there is no page of $command"
    while read -r option; do
        grep -qF -- "\\-\\-${option//-/\\-}" "$page" || fail "the page of $command does not tell of --$option"
    done < <("$prefix/bin/headsweep" "$command" --help | sed -n 's/^  \(-., \)\{0,1\}--\([a-z-]*\).*/\2/p')
done
expect 2 "$prefix/bin/headsweep" help --man nothing
expect 2 "$prefix/bin/headsweep" help --tcsh
expect 0 "$prefix/bin/headsweep" help rank
says out "usage: headsweep rank"
if command -v groff >/dev/null && [ -e "$(dirname "$(command -v groff)")/../share/groff/current/tmac/an.tmac" ]; then
    for page in "$prefix"/share/man/man1/*.1; do
        expect 0 groff -ww -man -Tutf8 -z "$page"
        [ ! -s "$work/err" ] || fail "groff has something to say of $page"
    done
fi

# Completion, each in its shell where that is here.
completes() {
    says out "$1"
    [ -z "${2:-}" ] || ! grep -qF -- "$2" "$work/out" || fail "$2 is offered"
}
cat >try.bash <<'BASH'
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_headsweep
printf '%s\n' "${COMPREPLY[@]}"
BASH
bash_file=$prefix/share/bash-completion/completions/headsweep
expect 0 bash try.bash "$bash_file" headsweep re
completes report run
expect 0 bash try.bash "$bash_file" headsweep run --print-
completes --print-results --set
expect 0 bash try.bash "$bash_file" headsweep rank --format ''
completes csv --top
if command -v fish >/dev/null; then
    fish_file=$prefix/share/fish/vendor_completions.d/headsweep.fish
    for line in "headsweep re:report" "headsweep run --print-:--print-results" "headsweep rank --format :csv"; do
        expect 0 env HOME="$work" fish --no-config -c "source '$fish_file'; complete -C '${line%%:*}'"
        completes "${line##*:}"
    done
fi
if command -v zsh >/dev/null; then
    cat >try.zsh <<'ZSH'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; fpath=('$1' \$fpath); autoload -Uz compinit; compinit -u -d '$2/dump'"
zpty -w -n shell "headsweep run --print-re"$'\t'
zpty -r -m shell seen '*print-results*'
print -r -- $seen
ZSH
    expect 0 timeout 60 zsh -f try.zsh "$prefix/share/zsh/site-functions" "$work"
    completes --print-results
fi

# The module, through a link in MODULEPATH.
if [ -r /usr/share/modules/init/bash ]; then
    mkdir -p modules/headsweep
    ln -s "$share/modulefile" modules/headsweep/0
    cat >module.sh <<'SCRIPT'
source /usr/share/modules/init/bash
module use "$1"
module load headsweep
command -v headsweep
echo "$HEADSWEEP_HOME"
SCRIPT
    expect 0 bash module.sh "$work/modules"
    says out "$prefix/bin/headsweep"
    says out "$share"
fi

# CPack finds the libraries that a package depends on with `file` and dpkg-shlibdeps.
if command -v dpkg-deb >/dev/null && command -v file >/dev/null && command -v dpkg-shlibdeps >/dev/null &&
    [ -r "$HEADSWEEP_BUILD/CPackConfig.cmake" ]; then
    expect 0 cpack -G DEB --config "$HEADSWEEP_BUILD/CPackConfig.cmake" -B "$work/package"
    expect 0 dpkg-deb -x "$work"/package/headsweep_*.deb root
    expect 0 root/usr/bin/headsweep plan root/usr/share/headsweep/configs/quickstart/quickstart.cfg "${small[@]}"
    [ -s root/usr/share/man/man1/headsweep.1 ] || fail "the package has no man page"
else
    echo "install: no Debian package, for file or dpkg-shlibdeps (dpkg-dev) is not here"
fi
echo "install: passed"
