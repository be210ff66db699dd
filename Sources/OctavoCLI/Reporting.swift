import ArgumentParser

/// Runs a verb's work: an error becomes a sentence and advice on standard error, and exit status 1.
///
/// (Wrong usage ends with 64 before any of this, in the argument parser.)
func reporting(_ work: (ProgressPrinter) async throws -> Void) async throws {
    let printer = ProgressPrinter()
    do {
        try await work(printer)
    } catch let exit as ExitCode {
        throw exit
    } catch {
        printer.finish()
        note("error: \(sentence(for: error))")
        if let remedy = remedy(for: error) { note("       \(remedy)") }
        throw ExitCode.failure
    }
}
