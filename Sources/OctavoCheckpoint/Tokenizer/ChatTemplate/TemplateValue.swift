import OctavoBase

/// A value that a template computes with.
///
/// Texts are compared, measured and cut by Unicode scalars, as Python does it.
enum TemplateValue: Sendable {
    /// What a name or key stands for that nothing has given a value: empty where it is printed.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateValue])
    case object(TemplateObject)
    /// A namespace, by its place among the renderer's.
    case namespace(Int)
    /// A function of the environment or a macro of the template.
    case function(String)

    /// Whether a condition holds of it.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let items): !items.isEmpty
        case .object(let object): object.count > 0
        case .namespace, .function: true
        }
    }

    /// What its type is called in Python.
    var typeName: String {
        switch self {
        case .undefined(let name):
            name.isEmpty ? "an undefined value" : "\(name), which is undefined"
        case .none: "None"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .string: "a string"
        case .list: "a list"
        case .object: "a mapping"
        case .namespace: "a namespace"
        case .function(let name): "the function \(name)"
        }
    }

    /// Whether two values are the same, as Python's `==` has it.
    func equals(_ other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let a), .string(let b)): return UTF8Key(a) == UTF8Key(b)
        case (.list(let a), .list(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.object(let a), .object(let b)):
            return a.count == b.count
                && a.members.allSatisfy { key, value in b[key.text].map(value.equals) ?? false }
        case (.namespace(let a), .namespace(let b)): return a == b
        case (.function(let a), .function(let b)): return a == b
        default:
            guard let a = arithmetic, let b = other.arithmetic else { return false }
            return a == b
        }
    }

    /// As a number, truth values being 0 and 1; nil for what is none.
    var arithmetic: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// As a whole number, truth values being 0 and 1; nil for what is none.
    var whole: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }

    /// As it is printed; nil for what is not printed here.
    var printed: String? {
        switch self {
        case .undefined: ""
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value
        case .list, .object, .namespace, .function: nil
        }
    }

    /// Takes a value of JSON.
    init(_ json: JSON) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .string(value)
        case .array(let items): self = .list(items.map(TemplateValue.init))
        case .object(let members):
            var object = TemplateObject()
            for (key, value) in members { object[key] = TemplateValue(value) }
            self = .object(object)
        }
    }
}

/// A mapping whose keys are texts, in the order they were set.
struct TemplateObject: Sendable {
    private(set) var members: [(key: UTF8Key, value: TemplateValue)] = []
    private var places: [UTF8Key: Int] = [:]

    var count: Int { members.count }

    subscript(key: String) -> TemplateValue? {
        get { places[UTF8Key(key)].map { members[$0].value } }
        set {
            let key = UTF8Key(key)
            guard let newValue else { return }
            if let place = places[key] {
                members[place].value = newValue
            } else {
                places[key] = members.count
                members.append((key, newValue))
            }
        }
    }
}
