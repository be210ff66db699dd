import OctavoBase

/// Comparisons and arithmetic, by Python's rules.
extension TemplateRenderer {
    func compare(
        _ left: TemplateValue,
        _ comparison: TemplateExpression.Comparison,
        _ right: TemplateValue
    ) throws(ChatTemplateError) -> Bool {
        switch comparison {
        case .equal: return left.equals(right)
        case .unequal: return !left.equals(right)
        case .within: return try contains(right, left)
        case .without: return try !contains(right, left)
        case .less: return try isLess(left, right)
        case .more: return try isLess(right, left)
        case .atMost: return try !isLess(right, left)
        case .atLeast: return try !isLess(left, right)
        }
    }

    private func isLess(
        _ a: TemplateValue,
        _ b: TemplateValue
    ) throws(ChatTemplateError) -> Bool {
        if let a = a.arithmetic, let b = b.arithmetic { return a < b }
        guard let a = a.string, let b = b.string else {
            throw .failed("it compares \(a.typeName) with \(b.typeName)")
        }
        return a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    private func contains(
        _ whole: TemplateValue,
        _ part: TemplateValue
    ) throws(ChatTemplateError) -> Bool {
        switch whole {
        case .list(let items): return items.contains { $0.equals(part) }
        case .object(let object): return part.string.map { object[$0] != nil } ?? false
        case .undefined: return false
        case .string(let text):
            guard let part = part.string else {
                throw .failed("it looks for \(part.typeName) in a text")
            }
            return part.isEmpty || TextPlaces(part, in: text).first != nil
        default: throw .failed("it looks into \(whole.typeName)")
        }
    }

    mutating func calculate(
        _ operation: TemplateExpression.Operator,
        _ left: TemplateValue,
        _ right: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (operation, left, right) {
        case (.plus, .string(let a), .string(let b)): return try made(a + b)
        case (.plus, .list(let a), .list(let b)):
            try charge(a.count + b.count)
            return .list(a + b)
        case (.times, .string(let text), _):
            guard let count = right.whole else { break }
            let (bytes, overflows) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
            guard !overflows, bytes <= Self.mostOutput else {
                throw .limit("more than \(Self.mostOutput) bytes of text")
            }
            return try made(String(repeating: text, count: max(0, count)))
        default: break
        }
        if let a = left.whole, let b = right.whole, operation != .over {
            return .integer(try calculate(operation, a, b))
        }
        guard let a = left.arithmetic, let b = right.arithmetic else {
            throw .failed(
                "it computes \(left.typeName) \(operation.rawValue) \(right.typeName)"
            )
        }
        switch operation {
        case .plus: return .number(a + b)
        case .minus: return .number(a - b)
        case .times: return .number(a * b)
        default: break
        }
        guard b != 0 else { throw .failed("it divides by zero") }
        switch operation {
        case .over: return .number(a / b)
        case .quotient: return .number((a / b).rounded(.down))
        default: return .number(a - b * (a / b).rounded(.down))
        }
    }

    private func calculate(
        _ operation: TemplateExpression.Operator,
        _ a: Int,
        _ b: Int
    ) throws(ChatTemplateError) -> Int {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .plus: result = a.addingReportingOverflow(b)
        case .minus: result = a.subtractingReportingOverflow(b)
        case .times: result = a.multipliedReportingOverflow(by: b)
        case .over, .quotient, .remainder:
            guard b != 0 else { throw .failed("it divides by zero") }
            let (quotient, overflow) = a.dividedReportingOverflow(by: b)
            guard !overflow else { throw .failed("a number is too large") }
            let rest = a - quotient * b
            // Python rounds down.
            let isOff = rest != 0 && (rest < 0) != (b < 0)
            return operation == .remainder ? (isOff ? rest + b : rest) : quotient - (isOff ? 1 : 0)
        }
        guard !result.overflow else { throw .failed("a number is too large") }
        return result.partialValue
    }
}
