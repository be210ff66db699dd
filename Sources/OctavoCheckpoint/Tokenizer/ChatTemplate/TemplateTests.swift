/// The tests that templates may use.
let templateTests: Set = [
    "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number",
    "integer",
    "float", "boolean", "true", "false", "odd", "even", "divisibleby", "eq", "equalto", "ne", "in",
]

extension TemplateRenderer {
    /// Whether a test holds of a value.
    func check(
        test name: String,
        of value: TemplateValue,
        _ arguments: [TemplateValue]
    ) throws(ChatTemplateError) -> Bool {
        func demand() throws(ChatTemplateError) -> TemplateValue {
            guard let first = arguments.first else {
                throw .failed("the test \(name) is given nothing to compare with")
            }
            return first
        }
        switch (name, value) {
        case ("defined", .undefined), ("undefined", .undefined): return name == "undefined"
        case ("defined", _), ("undefined", _): return name == "defined"
        case ("none", .none), ("string", .string), ("mapping", .object), ("boolean", .bool),
            ("integer", .integer), ("float", .number):
            return true
        case ("number", _): return value.arithmetic != nil
        case ("true", .bool(let holds)): return holds
        case ("false", .bool(let holds)): return !holds
        case ("iterable", .list), ("iterable", .object), ("iterable", .string),
            ("iterable", .undefined), ("sequence", .list), ("sequence", .object),
            ("sequence", .string), ("sequence", .undefined):
            return true
        case ("odd", _), ("even", _), ("divisibleby", _):
            let divisor = name == "divisibleby" ? try demand().whole : 2
            guard let whole = value.whole, let divisor, divisor != 0 else {
                throw .failed("the test \(name) is given \(value.typeName)")
            }
            return (whole % divisor == 0) == (name != "odd")
        case ("eq", _), ("equalto", _): return value.equals(try demand())
        case ("ne", _): return try !value.equals(demand())
        case ("in", _): return try compare(value, .within, try demand())
        default: return false
        }
    }
}
