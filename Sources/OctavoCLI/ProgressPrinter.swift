import Glibc
import OctavoBase
import OctavoPublisher
import Synchronization

/// Shows progress and notes on standard error, in the form that suits whoever reads there.
final class ProgressPrinter: Sendable {
    /// How progress is shown.
    enum Form {
        /// One line that changes: a person at a terminal.
        case changingLine
        /// A line now and then: a log.
        case lines
        /// An object of JSON on each line: a program.
        case events

        /// The least seconds between two states of a stage.
        fileprivate var interval: Double {
            switch self {
            case .changingLine: 0.1
            case .lines: 15
            case .events: 1
            }
        }
    }

    private struct State {
        var stage: String?
        var began = 0.0
        var shown = -Double.infinity
        var remaining = RemainingTime(at: 0)
        var isLineOpen = false
    }

    private let state = Mutex(State())
    private let form: Form

    /// Prepares to show progress: as events if a program asked for JSON, else as suits standard error.
    init(json: Bool) {
        let isTerminal = isatty(2) == 1 && processEnvironment()["TERM"] != "dumb"
        form = json ? .events : isTerminal ? .changingLine : .lines
    }

    /// What a job calls.
    var handler: ProgressHandler {
        { progress in self.show(progress) }
    }

    /// Ends the last stage, so that what follows starts on a line of its own.
    func finish() { state.withLock { close(&$0, at: ProcessTime().wall) } }

    /// Tells what is worth knowing beside the result.
    func note(_ text: String) {
        state.withLock {
            close(&$0, at: ProcessTime().wall)
            tell(text, &$0)
        }
    }

    /// Tells programs what people see in the line of the stage.
    func tellPrograms(_ event: @autoclosure () -> JSON) {
        guard form == .events else { return }
        let event = event()
        state.withLock { _ in write(event) }
    }

    /// Writes a note, in the midst of a stage if there is one.
    private func tell(_ text: String, _ state: inout State) {
        switch form {
        case .changingLine, .lines:
            let isAfterLine = state.isLineOpen
            state.isLineOpen = false
            writeToStandardError((isAfterLine ? "\n" : "") + printable(text) + "\n")
        case .events: write(.object(["event": "note", "message": .string(text)]))
        }
    }

    /// Tells what went wrong, and what to do about it.
    func fail(_ sentence: String, remedy: String?) {
        finish()
        switch form {
        case .changingLine, .lines:
            note("error: " + sentence)
            if let remedy { note("       " + remedy) }
        case .events:
            write(
                .object([
                    "event": "error", "message": .string(sentence),
                    "remedy": remedy.map(JSON.string),
                ])
            )
        }
    }

    private func show(_ progress: Progress) {
        state.withLock { state in
            let now = ProcessTime().wall
            let isNew = progress.stage != state.stage
            if isNew { open(progress, &state, at: now) }
            if let note = progress.note { tell(note, &state) }
            state.remaining.advance(
                to: progress.work,
                at: now,
                isRestored: progress.layer.map { $0.relativeLoss == nil }
                    ?? progress.tuning?.isRestored ?? false
            )
            let isLast = progress.completed >= progress.total
            // A program is told of every layer and step: their losses are results.
            let isDue =
                now - state.shown >= form.interval
                || form == .events && (progress.layer != nil || progress.tuning != nil)
            guard isNew || isLast || isDue else { return }
            state.shown = now
            let secondsLeft = state.remaining.seconds
            switch form {
            case .changingLine:
                // The terminal cuts off what does not fit: a second line could not be taken back.
                let line = printable(progress.line(secondsLeft: secondsLeft))
                writeToStandardError("\r\u{1B}[K\u{1B}[?7l\(line)\u{1B}[?7h")
                state.isLineOpen = true
            case .lines:
                writeToStandardError(printable(progress.line(secondsLeft: secondsLeft)) + "\n")
            case .events: write(progress.event(secondsLeft: secondsLeft))
            }
        }
    }

    private func open(_ progress: Progress, _ state: inout State, at now: Double) {
        close(&state, at: now)
        state = State(stage: progress.stage, began: now, remaining: RemainingTime(at: now))
        if form == .events {
            write(
                .object([
                    "event": "stage", "stage": .string(progress.stage),
                    "total": .integer(progress.total), "unit": .string(progress.unit.rawValue),
                ])
            )
        }
    }

    private func close(_ state: inout State, at now: Double) {
        guard let stage = state.stage else { return }
        if state.isLineOpen { writeToStandardError("\n") }
        if form == .events {
            let seconds = ((now - state.began) * 1000).rounded() / 1000
            write(
                .object([
                    "event": "stage_done", "stage": .string(stage), "seconds": .number(seconds),
                ])
            )
        }
        state = State()
    }

    private func write(_ event: JSON) { writeToStandardError(event.text(.compact) + "\n") }
}
