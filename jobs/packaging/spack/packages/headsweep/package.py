# spack repo add jobs/packaging/spack && spack install headsweep
#
# Builds what is committed in the checkout that this file lies in; a site that copies the file sets `git` to where its sources are.
from pathlib import Path

from spack.package import *


class Headsweep(CMakePackage):
    """Distributed attention-head ablation sweeps: which heads of a transformer cause a behaviour."""

    homepage = "file://" + str(Path(__file__).resolve().parents[5])
    git = "file://" + str(Path(__file__).resolve().parents[5])

    license("MIT")

    version("main", branch="main")

    depends_on("c", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi@3:")
    depends_on("hdf5@1.10: +mpi")
    depends_on("blas")
    depends_on("libconfig")
    depends_on("jansson")
    depends_on("pcre2")
    depends_on("utf8proc")
    depends_on("xxhash")
    depends_on("zlib-api")
    requires("^[virtuals=blas] openblas threads=pthreads", "^[virtuals=blas] openblas threads=openmp", "^[virtuals=blas] flexiblas",
             "^[virtuals=blas] blis +cblas", policy="any_of")

    def cmake_args(self):
        vendors = {"openblas": "OpenBLAS", "flexiblas": "FlexiBLAS", "blis": "FLAME"}
        return [self.define("BLA_VENDOR", vendors[self.spec["blas"].name])]

    def setup_run_environment(self, env):
        env.set("HEADSWEEP_HOME", self.prefix.share.headsweep)

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_install(self):
        Executable(self.prefix.bin.headsweep)("plan", join_path(self.prefix.share.headsweep, "configs/quickstart/quickstart.cfg"))
