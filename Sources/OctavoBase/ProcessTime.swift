import Glibc

/// A moment, by the wall and by what the process has computed so far.
public struct ProcessTime: Sendable {
    /// Seconds on a clock that only goes forward.
    public let wall: Double
    /// Seconds that all threads of the process have computed, for themselves and in the system.
    public let cpu: Double

    /// Now.
    public init() {
        func seconds(_ clock: clockid_t) -> Double {
            var time = timespec()
            unsafe clock_gettime(clock, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        wall = seconds(CLOCK_MONOTONIC)
        cpu = seconds(CLOCK_PROCESS_CPUTIME_ID)
    }
}
