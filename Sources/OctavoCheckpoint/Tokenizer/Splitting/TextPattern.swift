internal import CPCRE2

/// A regular expression, compiled.
///
/// PCRE2 runs what `PatternDialect` respells; the scalars that it may not know yet are stood in for.
@safe
final class TextPattern: Sendable {
    /// The expression as the file has it.
    let source: String
    // Read-only once compiled, so any thread may match with it.
    private nonisolated(unsafe) let code: OpaquePointer

    /// Compiles an expression found at `path`.
    init(_ source: String, _ path: String) throws(TokenizerError) {
        let spelled: String
        do { spelled = try PatternDialect.respelled(source) } catch {
            throw .refusedPattern(path, regex: source, reason: error.reason)
        }
        var error: Int32 = 0
        var offset = 0
        // `$` is the end of any line, as in Oniguruma.
        let options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C
        let context = unsafe pcre2_compile_context_create_8(nil)
        defer { unsafe pcre2_compile_context_free_8(context) }
        unsafe pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
        let code = unsafe pcre2_compile_8(
            Array(spelled.utf8),
            spelled.utf8.count,
            options,
            &error,
            &offset,
            context
        )
        guard let code = unsafe code else {
            throw .refusedPattern(path, regex: source, reason: "PCRE2 refuses it (\(error))")
        }
        self.source = source
        unsafe self.code = code
        // Where there is no compiler for the processor, the pattern is interpreted: slower, no different.
        unsafe pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD)
    }

    deinit { unsafe pcre2_code_free_8(code) }

    /// Where the expression matches a text, from left to right.
    ///
    /// A match is looked for in a short window first, which grows while the matcher asks for more
    /// text. So each step costs what the match is long, and an expression that looks far ahead
    /// at every place is found out: what all looks beyond the first window may cost is in
    /// proportion to the text.
    ///
    /// - Throws: When the expression takes too many steps on this text.
    func matches(in text: ArraySlice<UInt8>) throws(TokenizerError) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(text.count / 4)
        let subject = StandIns.replacingYoung(text)
        var isWithinLimits = true
        unsafe subject.withUnsafeBufferPointer { bytes in
            var matcher = unsafe Matcher(code, bytes)
            while isWithinLimits, let range = matcher.next(&isWithinLimits) {
                ranges.append(
                    range.lowerBound + text.startIndex..<range.upperBound + text.startIndex
                )
            }
        }
        guard isWithinLimits else { throw .slowPattern(source) }
        return ranges
    }
}

/// A search in one text, from match to match.
@safe
private struct Matcher: ~Copyable {
    private static let firstWindow = 256

    private let code: OpaquePointer
    private let text: UnsafeBufferPointer<UInt8>
    private let data: OpaquePointer?
    private let context: OpaquePointer?
    private let stack: OpaquePointer?
    private var at = 0
    private var lastEnd: Int?
    /// How many more bytes windows beyond the first may have, all together.
    private var budget: Int

    init(_ code: OpaquePointer, _ text: UnsafeBufferPointer<UInt8>) {
        unsafe self.code = code
        unsafe self.text = text
        unsafe data = pcre2_match_data_create_8(1, nil)
        unsafe context = pcre2_match_context_create_8(nil)
        unsafe stack = pcre2_jit_stack_create_8(32 << 10, 1 << 20, nil)
        unsafe pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
        unsafe pcre2_set_heap_limit_8(context, 64 << 10)
        budget = 1 << 20 + 64 * text.count
    }

    deinit {
        unsafe pcre2_match_data_free_8(data)
        unsafe pcre2_match_context_free_8(context)
        unsafe pcre2_jit_stack_free_8(stack)
    }

    /// The next match; nil at the end, and when a limit was met.
    mutating func next(_ isWithinLimits: inout Bool) -> Range<Int>? {
        while unsafe at <= text.count {
            guard let range = search(&isWithinLimits) else { return nil }
            // An empty match right behind a match does not count: the search goes on one scalar later.
            if range.isEmpty && range.upperBound == lastEnd {
                at += 1
                while unsafe at < text.count, unsafe text[at] & 0xC0 == 0x80 { at += 1 }
                continue
            }
            at = range.upperBound
            lastEnd = at
            return range
        }
        return nil
    }

    private mutating func search(_ isWithinLimits: inout Bool) -> Range<Int>? {
        var window = Self.firstWindow
        while true {
            var end = unsafe min(text.count, at + window)
            while unsafe end < text.count, unsafe text[end] & 0xC0 == 0x80 { end += 1 }
            let isWhole = unsafe end == text.count
            unsafe pcre2_set_match_limit_8(context, UInt32(clamping: 10_000 + 4 * window))
            let status = unsafe pcre2_match_8(
                code,
                text.baseAddress,
                end,
                at,
                PCRE2_NO_UTF_CHECK | (isWhole ? 0 : PCRE2_PARTIAL_HARD),
                data,
                context
            )
            switch status {
            case 0...:
                guard let offsets = unsafe pcre2_get_ovector_pointer_8(data) else { return nil }
                return unsafe offsets[0]..<max(offsets[0], offsets[1])
            case PCRE2_ERROR_NOMATCH where isWhole: return nil
            case PCRE2_ERROR_NOMATCH, PCRE2_ERROR_PARTIAL:
                window *= 4
                budget -= window
                if budget >= 0 { continue }
            default: break
            }
            isWithinLimits = false
            return nil
        }
    }
}
