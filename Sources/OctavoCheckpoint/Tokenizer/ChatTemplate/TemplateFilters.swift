import OctavoBase

/// The filters that templates may use.
let templateFilters: Set = [
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "indent", "int",
    "items",
    "join", "last", "length", "list", "lower", "map", "reject", "rejectattr", "replace", "reverse",
    "safe",
    "select", "selectattr", "string", "tojson", "trim", "unique", "upper",
]

extension TemplateRenderer {
    /// Applies a filter.
    mutating func apply(
        filter name: String,
        to value: TemplateValue,
        _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "default", "d":
            let replaces = arguments(1, "boolean")?.isTrue ?? false
            if case .undefined = value { return arguments(0, "default_value") ?? .string("") }
            return replaces && !value.isTrue
                ? arguments(0, "default_value") ?? .string("") : value
        case "tojson":
            var json = TemplateLiteral(.json, indent: arguments(1, "indent")?.whole)
            try json.write(value)
            return try made(json.text)
        case "length", "count":
            if case .string(let text) = value { return .integer(text.unicodeScalars.count) }
            return .integer(try items(of: value).count)
        case "list": return .list(try items(of: value))
        case "items":
            if case .undefined = value { return .list([]) }
            return try apply(method: "items", to: value, arguments)
        case "dictsort":
            guard case .object(let object) = value else { break }
            let sorted = object.members.sorted {
                let (a, b) = ($0.key.text.lowercased(), $1.key.text.lowercased())
                return a.utf8.lexicographicallyPrecedes(b.utf8)
            }
            return .list(sorted.map { .list([.string($0.key.text), $0.value]) })
        case "first": return try items(of: value).first ?? .undefined("the first item")
        case "last": return try items(of: value).last ?? .undefined("the last item")
        case "reverse":
            let items = Array(try items(of: value).reversed())
            guard case .string = value else { return .list(items) }
            return try join(items, with: "")
        case "unique":
            var kept: [TemplateValue] = []
            for item in try items(of: value) {
                try charge(kept.count)
                if !kept.contains(where: { $0.equals(item) }) { kept.append(item) }
            }
            return .list(kept)
        case "join":
            var items = try items(of: value)
            if let attribute = arguments(1, "attribute")?.string {
                var members: [TemplateValue] = []
                for item in items { members.append(try member(attribute, of: item)) }
                items = members
            }
            return try join(items, with: arguments(0, "d")?.string ?? "")
        case "map", "select", "reject", "selectattr", "rejectattr":
            return .list(try pick(name, try items(of: value), arguments))
        case "abs", "int", "float": return try number(name, value, arguments)
        default:
            return try apply(textFilter: name, to: try text(of: value), arguments)
        }
        throw .failed("the filter \(name) is given \(value.typeName)")
    }

    private mutating func apply(
        textFilter name: String,
        to text: String,
        _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> TemplateValue {
        try charge(text.utf8.count / 16)
        switch name {
        case "trim":
            guard let set = arguments(0, "chars")?.string else { return .string(text.stripped()) }
            let scalars = Set(set.unicodeScalars)
            return .string(text.stripped(of: scalars.contains))
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "capitalize": return .string(text.capitalizedOnce)
        case "replace":
            guard let old = arguments(0, "old")?.string, let new = arguments(1, "new")?.string
            else { throw .failed("replace is given no texts") }
            return try replace(old, with: new, in: text, limit: arguments(2, "count")?.whole)
        case "indent":
            let width = arguments(0, "width")?.whole ?? 4
            guard (0...64).contains(width) else { throw .failed("indent is given \(width)") }
            let space = String(repeating: " ", count: width)
            let lines = text.cut(at: "\n").enumerated().map { index, line in
                let isIndented =
                    index == 0
                    ? arguments(1, "first")?.isTrue ?? false
                    : !line.isEmpty || arguments(2, "blank")?.isTrue ?? false
                return isIndented ? space + line : line
            }
            try charge(lines.count)
            return try made(lines.joined(separator: "\n"))
        // "string" and "safe": nothing is escaped here.
        default: return .string(text)
        }
    }

    /// `map` of an attribute, or what a test holds of.
    private mutating func pick(
        _ name: String,
        _ items: [TemplateValue],
        _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> [TemplateValue] {
        if name == "map" {
            var values: [TemplateValue] = []
            let attribute = arguments.named.first { $0.name == "attribute" }?.value.string
            let filter = arguments.positional.first?.string
            for item in items {
                try charge(1)
                if let attribute {
                    let found = try member(attribute, of: item)
                    let fallback = arguments.named.first { $0.name == "default" }?.value
                    if case .undefined = found, let fallback {
                        values.append(fallback)
                    } else {
                        values.append(found)
                    }
                } else if let filter, templateFilters.contains(filter), filter != "map" {
                    let rest = TemplateArguments(
                        positional: Array(arguments.positional.dropFirst()),
                        named: arguments.named
                    )
                    values.append(try apply(filter: filter, to: item, rest))
                } else {
                    throw .failed("map is given neither an attribute nor a known filter")
                }
            }
            return values
        }
        var rest = arguments.positional
        var attribute: String?
        if name.hasSuffix("attr") {
            guard let given = rest.first?.string else { throw .failed("\(name) is given no name") }
            attribute = given
            rest.removeFirst()
        }
        let test = rest.first?.string
        if let test, !templateTests.contains(test) {
            throw .failed("the test \(test) is not known")
        }
        var kept: [TemplateValue] = []
        for item in items {
            try charge(1)
            let tested =
                try attribute.map { (name) throws(ChatTemplateError) in
                    try member(name, of: item)
                } ?? item
            let holds =
                try test.map { (test) throws(ChatTemplateError) in
                    try check(test: test, of: tested, Array(rest.dropFirst()))
                } ?? tested.isTrue
            if holds == name.hasPrefix("select") { kept.append(item) }
        }
        return kept
    }

    private func number(
        _ name: String,
        _ value: TemplateValue,
        _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (name, value) {
        case ("abs", .integer(let number)) where number > .min: return .integer(abs(number))
        case ("abs", .number(let number)): return .number(abs(number))
        case ("int", .number(let number)) where abs(number) < 0x1p62:
            return .integer(Int(number))
        case ("int", _):
            let parsed = value.whole ?? value.string.flatMap { Int($0.stripped()) }
            return parsed.map(TemplateValue.integer) ?? arguments(0, "default") ?? .integer(0)
        case ("float", _):
            let parsed = value.arithmetic ?? value.string.flatMap { Double($0.stripped()) }
            return parsed.map(TemplateValue.number) ?? arguments(0, "default") ?? .number(0)
        default: throw .failed("the filter \(name) is given \(value.typeName)")
        }
    }
}
