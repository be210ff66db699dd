import Glibc
import OctavoPublisher
import Synchronization

/// Shows progress on standard error: one line that changes on a terminal, a line now and then
/// elsewhere.
final class ProgressPrinter: Sendable {
    private struct State {
        var stage = ""
        var began: Double = 0
        var shown: Double = 0
        var isLineOpen = false
    }

    private let state = Mutex(State())
    private let isTerminal = isatty(2) == 1

    /// What a job calls.
    var handler: ProgressHandler {
        { progress in self.show(progress) }
    }

    /// Ends the changing line, so that what follows starts on a line of its own.
    func finish() {
        state.withLock { state in
            if state.isLineOpen { writeToStandardError("\n") }
            state.isLineOpen = false
        }
    }

    private func show(_ progress: Progress) {
        state.withLock { state in
            let now = monotonicSeconds()
            let isNew = progress.stage != state.stage
            if isNew {
                if state.isLineOpen { writeToStandardError("\n") }
                state = State(stage: progress.stage, began: now, shown: 0, isLineOpen: false)
            }
            let isLast = progress.completed >= progress.total
            let interval = isTerminal ? 0.1 : 15
            guard isNew || isLast || now - state.shown >= interval else { return }
            state.shown = now
            let line = text(progress, elapsed: now - state.began)
            if isTerminal {
                writeToStandardError("\r\u{1B}[K" + printable(line))
                state.isLineOpen = true
            } else {
                note(line)
            }
        }
    }

    private func text(_ progress: Progress, elapsed: Double) -> String {
        var line = progress.stage
        if progress.total > 1 {
            line += "  \(progress.completed)/\(progress.total)"
        }
        if !progress.detail.isEmpty { line += "  " + progress.detail }
        // An estimate from one step alone would mislead.
        if progress.completed > 0, progress.completed < progress.total, elapsed > 2 {
            let left =
                elapsed / Double(progress.completed) * Double(progress.total - progress.completed)
            line += "  about \(durationText(left)) left"
        }
        return line
    }
}

/// Seconds on a clock that only goes forward.
func monotonicSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A duration for people: "42 s", "3 min 05 s", "2 h 10 min".
func durationText(_ seconds: Double) -> String {
    let whole = Int(max(0, seconds).rounded())
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
}
