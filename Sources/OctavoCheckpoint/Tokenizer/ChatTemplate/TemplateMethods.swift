import OctavoBase

/// The methods of texts and mappings that templates may call.
let templateMethods: Set = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper",
    "lower", "capitalize", "replace", "removeprefix", "removesuffix", "join", "find", "count",
    "items",
    "keys", "values", "get",
]

/// What an attribute of a mapping is in Python: never a key.
let templateObjectMethods: Set = [
    "items", "keys", "values", "get", "pop", "popitem", "copy", "update", "clear", "setdefault",
    "fromkeys",
]

extension TemplateRenderer {
    /// Calls a method.
    mutating func apply(
        method name: String,
        to value: TemplateValue,
        _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .string(let text):
            try charge(text.utf8.count / 16)
            return try apply(method: name, to: text, arguments)
        case .object(let object):
            switch name {
            case "items":
                return .list(object.members.map { .list([.string($0.key.text), $0.value]) })
            case "keys": return .list(object.members.map { .string($0.key.text) })
            case "values": return .list(object.members.map(\.value))
            case "get":
                guard let key = arguments(0, "key")?.string else { break }
                return object[key] ?? arguments(1, "default") ?? .none
            default: break
            }
        default: break
        }
        throw .failed("it calls \(name) of \(value.typeName)")
    }

    private mutating func apply(
        method name: String,
        to text: String,
        _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> TemplateValue {
        let first = arguments.positional.first
        func demand(_ place: Int) throws(ChatTemplateError) -> String {
            guard place < arguments.positional.count,
                let text = arguments.positional[place].string
            else { throw .failed("\(name) is called without a text") }
            return text
        }
        switch name {
        case "strip", "lstrip", "rstrip":
            let (start, end) = (name != "rstrip", name != "lstrip")
            guard let first, case .string(let set) = first else {
                return .string(text.stripped(start: start, end: end))
            }
            let scalars = Set(set.unicodeScalars)
            return .string(text.stripped(start: start, end: end, of: scalars.contains))
        case "split", "rsplit":
            return .list(try split(text, fromEnd: name == "rsplit", arguments))
        case "splitlines":
            var lines = text.replacing("\r\n", with: "\n").cut(at: "\n")
            if lines.last == "" { lines.removeLast() }
            return .list(lines.map(TemplateValue.string))
        case "startswith", "endswith":
            var options = [first]
            if case .list(let items) = first { options = items.map(Optional.some) }
            for option in options {
                guard let part = option?.string else {
                    throw .failed("\(name) is called without a text")
                }
                let isThere =
                    name == "startswith"
                    ? text.utf8.starts(with: part.utf8)
                    : text.utf8.reversed().starts(with: part.utf8.reversed())
                if isThere { return .bool(true) }
            }
            return .bool(false)
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "capitalize": return .string(text.capitalizedOnce)
        case "replace":
            let (old, new) = (try demand(0), try demand(1))
            return try replace(old, with: new, in: text, limit: arguments(2, "count")?.whole)
        case "removeprefix":
            let part = try demand(0)
            guard text.utf8.starts(with: part.utf8) else { return .string(text) }
            return .string(String(decoding: text.utf8.dropFirst(part.utf8.count), as: UTF8.self))
        case "removesuffix":
            let part = try demand(0)
            guard text.utf8.reversed().starts(with: part.utf8.reversed()) else {
                return .string(text)
            }
            return .string(String(decoding: text.utf8.dropLast(part.utf8.count), as: UTF8.self))
        case "join":
            guard let first else { throw .failed("join is called without a list") }
            return try join(try items(of: first), with: text)
        case "find":
            let part = try demand(0)
            guard !part.isEmpty else { return .integer(0) }
            guard let place = TextPlaces(part, in: text).first else { return .integer(-1) }
            let before = String(decoding: text.utf8.prefix(place), as: UTF8.self)
            return .integer(before.unicodeScalars.count)
        case "count":
            let part = try demand(0)
            return .integer(
                part.isEmpty
                    ? text.unicodeScalars.count + 1 : Array(TextPlaces(part, in: text)).count
            )
        default: throw .failed("it calls \(name) of a text")
        }
    }

    private mutating func split(
        _ text: String,
        fromEnd: Bool,
        _ arguments: TemplateArguments
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let limit = arguments(1, "maxsplit")?.whole ?? -1
        let cuts = limit < 0 ? Int.max : limit
        guard let separator = arguments(0, "sep"), let separator = separator.string else {
            guard cuts == .max else { throw .failed("split by white space with a limit") }
            let words = text.unicodeScalars.split(whereSeparator: isPythonSpace)
            try charge(words.count)
            return words.map { .string(String($0)) }
        }
        guard !separator.isEmpty else { throw .failed("split by an empty text") }
        var pieces = text.cut(at: separator, limit: fromEnd ? .max : cuts)
        if fromEnd, pieces.count - 1 > cuts {
            let head = pieces[..<(pieces.count - cuts)].joined(separator: separator)
            pieces = [head] + pieces.suffix(cuts)
        }
        try charge(pieces.count)
        return pieces.map(TemplateValue.string)
    }

    /// A text with another in place of each occurrence of a third.
    mutating func replace(
        _ old: String,
        with new: String,
        in text: String,
        limit: Int?
    ) throws(ChatTemplateError) -> TemplateValue {
        guard !old.isEmpty else { throw .failed("it replaces an empty text") }
        let pieces = text.cut(at: old, limit: limit.map { $0 < 0 ? .max : $0 } ?? .max)
        try charge(pieces.count * (1 + new.utf8.count / 16))
        return try made(pieces.joined(separator: new))
    }

    /// Values as texts, one after the other.
    mutating func join(
        _ items: [TemplateValue],
        with separator: String
    ) throws(ChatTemplateError) -> TemplateValue {
        try charge(items.count * (1 + separator.utf8.count / 16))
        var texts: [String] = []
        for item in items { texts.append(try text(of: item)) }
        return try made(texts.joined(separator: separator))
    }
}

extension String {
    /// With its first letter large and all others small.
    var capitalizedOnce: String {
        guard let first = unicodeScalars.first else { return self }
        return String(first).uppercased() + String(unicodeScalars.dropFirst()).lowercased()
    }
}
