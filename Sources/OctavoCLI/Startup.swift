import ArgumentParser
import Glibc
import OctavoBase
import OctavoNumerics

/// Where the process begins: it is tuned before any command runs.
@main
enum Startup {
    static func main() async {
        keepLargeAllocations()
        skipCleanupAtExit()
        restartForBLAS()
        await Octavo.main()
    }
}

/// Replaces the process by itself, once, where OpenBLAS has to be told about the processor before it is
/// loaded.
///
/// Whoever has set the variable already is left alone.
private func restartForBLAS() {
    for (name, value) in missingBLASEnvironment where unsafe getenv(name) == nil {
        unsafe setenv(name, value, 0)
        // Returns only if it fails; then the slower kernels do.
        unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
    }
}
