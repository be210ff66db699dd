import OctavoBase
import OctavoCheckpoint
import OctavoPublisher

/// A model's description as one JSON document, in the shape of docs/inspect.md.
func inspectionJSON(
    _ subject: ModelInspection,
    _ preview: SchemePreview?,
    _ report: EvaluationReport?,
    _ fetched: FetchedContainer?,
    listsTensors: Bool
) -> JSON {
    var shape = JSONObject()
    for size in ModelShape.Size.allCases {
        shape[size.rawValue] = subject.shape[size].map(JSON.integer)
    }
    return .object([
        "format": .string(subject.format.rawValue),
        "family": subject.family.map(JSON.string),
        "runs": .bool(subject.obstacle == nil),
        "obstacle": subject.obstacle.map(JSON.string),
        "scheme": subject.aqlm.map { .string(schemeText($0)) },
        "shape": .object(shape),
        "parameters": .integer(subject.sizes.quantizedWeights + subject.sizes.otherWeights),
        "groups": .array(subject.groups.map(\.json)),
        "types": .array(
            typeCounts(subject).map {
                .object([
                    "type": .string($0.type), "tensors": .integer($0.tensors),
                    "bytes": .integer($0.bytes),
                ])
            }
        ),
        "weight_files": .array(subject.weightFiles.map(\.json)),
        "side_files": .array(subject.sideFiles.map(\.json)),
        "container": subject.container.map { $0.json(fetched) },
        "tokenizer": subject.tokenizer?.json,
        "license": subject.license.map(JSON.string),
        "preview": preview?.json,
        "findings": .array(subject.findings.map(\.json)),
        "sizes": subject.sizes.json,
        "layers": subject.record?.json["layers"],
        "evaluation": report?.json,
        "tensors": listsTensors ? .array(subject.tensors.map(\.json)) : nil,
    ])
}

/// How many tensors there are of each type and what they take, the most bytes first.
func typeCounts(_ subject: ModelInspection) -> [(type: String, tensors: Int, bytes: Int)] {
    var counts: [String: (tensors: Int, bytes: Int)] = [:]
    for tensor in subject.tensors {
        counts[tensor.type, default: (0, 0)].tensors += 1
        counts[tensor.type, default: (0, 0)].bytes += tensor.byteCount
    }
    return counts.map { ($0.key, $0.value.tensors, $0.value.bytes) }
        .sorted { ($1.2, $0.0) < ($0.2, $1.0) }
}

extension TensorGroup {
    fileprivate var json: JSON {
        .object([
            "pattern": .string(pattern), "type": .string(type),
            "shape": .array(shape.map(JSON.integer)), "count": .integer(count),
            "bytes": .integer(bytes),
        ])
    }
}

extension InspectedTensor {
    fileprivate var json: JSON {
        .object([
            "name": .string(name), "type": .string(type),
            "shape": .array(shape.map(JSON.integer)), "bytes": .integer(byteCount),
            "encoding": encoding.map(JSON.string), "stored_bytes": storedBytes.map(JSON.integer),
        ])
    }
}

extension ContainerFacts {
    fileprivate func json(_ fetched: FetchedContainer?) -> JSON {
        .object([
            "id": .string(id.hex), "bytes": .integer(size), "content_bytes": .integer(contentSize),
            "files": .array(files.map(\.json)),
            "encodings": .array(
                encodings.map {
                    .object([
                        "encoding": .string($0.name), "parts": .integer($0.parts),
                        "stored_bytes": .integer($0.stored), "bytes": .integer($0.bytes),
                    ])
                }
            ),
            "commit": fetched.map { .string($0.commit) },
            "fetched_bytes": fetched.map { .integer($0.bytes) },
        ])
    }
}

extension ModelInspection.FileSize {
    fileprivate var json: JSON { .object(["name": .string(name), "bytes": .integer(bytes)]) }
}

extension TokenizerFacts {
    fileprivate var json: JSON {
        var tokens = JSONObject()
        for (role, token) in special { tokens[role] = .string(token) }
        return .object([
            "file": file.map(JSON.string), "kind": .string(kind),
            "vocabulary": vocabulary.map(JSON.integer), "special": .object(tokens),
            "chat_template": .bool(hasChatTemplate),
        ])
    }
}

extension SchemePreview {
    fileprivate var json: JSON {
        .object([
            "scheme": .string("\(scheme)"), "linears": .integer(linears),
            "kept": .array(kept.map(JSON.string)), "sizes": sizes.json,
        ])
    }
}

extension InspectionFinding {
    /// Subjects may be as many as a model has linears: a list of them all is what programs want.
    fileprivate var json: JSON {
        .object([
            "code": .string(code), "fault": .bool(isFault),
            "readers": .array(readers.map(JSON.string)), "what": .string(sentence),
            "subjects": .array(subjects.map(JSON.string)), "remedy": .string(remedy(for: self)),
        ])
    }
}
