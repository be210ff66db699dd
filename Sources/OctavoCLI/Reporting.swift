import ArgumentParser

/// Runs a verb's work: an error becomes a sentence and advice on standard error, and exit status 1.
///
/// (Wrong usage ends with 64 before any of this, in the argument parser.)
///
/// - Parameters:
///   - output: The form of the verb's result, which is also that of its progress.
///   - work: The work.
/// - Throws: The exit status.
func reporting(
    as output: OutputOptions? = nil,
    _ work: (ProgressPrinter) async throws -> Void
) async throws {
    let printer = ProgressPrinter(json: output?.json ?? false)
    do {
        try await work(printer)
    } catch let exit as ExitCode {
        throw exit
    } catch {
        printer.fail(sentence(for: error), remedy: remedy(for: error))
        throw ExitCode.failure
    }
}
