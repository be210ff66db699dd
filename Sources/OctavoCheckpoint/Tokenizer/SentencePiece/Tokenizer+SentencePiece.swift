public import OctavoBase

extension Tokenizer {
    /// Reads a `tokenizer.model`, and what its tokenizer_config.json adds.
    ///
    /// Ids are those of SentencePiece itself, but that tokens with a role are found in text, and that
    /// what stands around a text is what the configuration says.
    ///
    /// - Throws: A `SentencePieceError` or a `TokenizerError`, by the name of what is wrong.
    public init(sentencePiece bytes: [UInt8], configuration: JSON? = nil) throws {
        let file = try SentencePieceModel(bytes)
        let vocabulary = try Vocabulary(file.pieces.map(\.text))
        let byteIDs = file.fallsBackToBytes ? vocabulary.byteIDs : []
        for (byte, id) in byteIDs.enumerated() where id == nil {
            throw SentencePieceError.missingByte(byte)
        }
        // Pieces that a byte-pair model may not touch are found before it.
        var added = try AddedTokens(
            vocabulary,
            normalized: file.algorithm == .bytePair ? file.userDefined : []
        )
        var roles = file.roles
        var settings = TokenizerConfiguration()
        if let configuration {
            settings = try TokenizerConfiguration(configuration)
            roles = try TokenRoles(settings, &added)
        }
        try self.init(
            normalizer: Normalizer(steps: [.sentencePiece(file.normalizer)]),
            preTokenizer: PreTokenizer(steps: []),
            model: file.model(vocabulary),
            decoder: Decoder(steps: [.sentencePiece(file.decoder)]),
            added: added.tokens,
            spelledBy: { $0 },
            roles: roles,
            chatTemplate: settings.chatTemplate,
            postProcessor: PostProcessor(
                prefix: settings.addsBOS == true ? [roles.bos].compactMap(\.self) : [],
                suffix: settings.addsEOS == true ? [roles.eos].compactMap(\.self) : []
            )
        )
    }
}

extension SentencePieceModel {
    /// The roles that the file itself gives.
    fileprivate var roles: TokenRoles {
        func control(_ id: Int) -> Int? {
            pieces.indices.contains(id) && pieces[id].kind == .control ? id : nil
        }
        return TokenRoles(
            bos: control(bosID),
            eos: control(eosID),
            padding: control(paddingID),
            unknown: ids(of: .unknown).first
        )
    }

    private func ids(of kinds: Kind...) -> [Int] {
        pieces.indices.filter { kinds.contains(pieces[$0].kind) }
    }

    fileprivate var userDefined: [AddedToken] {
        ids(of: .userDefined).map { AddedToken(id: $0, content: pieces[$0].text, isSpecial: false) }
    }

    fileprivate var normalizer: SentencePieceNormalizer {
        var userDefined = ByteTrie()
        for id in ids(of: .userDefined) { userDefined.insert(pieces[id].text.utf8, value: id) }
        return SentencePieceNormalizer(
            charsmap: charsmap,
            userDefined: userDefined,
            addsDummyPrefix: addsDummyPrefix,
            removesExtraSpaces: removesExtraSpaces,
            putsSpaceBehind: putsSpaceBehind
        )
    }

    fileprivate var decoder: SentencePieceDecoder {
        SentencePieceDecoder(
            controls: Set(ids(of: .control).map { Array(pieces[$0].text.utf8) }),
            unknown: ids(of: .unknown).first.map { Array(pieces[$0].text.utf8) } ?? [],
            unknownSurface: Array(unknownSurface.utf8),
            dropsFirstSpace: addsDummyPrefix || removesExtraSpaces,
            dropsAllFirstSpaces: removesExtraSpaces,
            fallsBackToBytes: fallsBackToBytes
        )
    }

    fileprivate func model(_ vocabulary: Vocabulary) throws(SentencePieceError) -> TokenModel {
        let unknown = ids(of: .unknown).first
        switch algorithm {
        case .bytePair:
            let mergeable = ScoredMerges(
                vocabulary,
                scores: pieces.map { Double($0.score) },
                ids: ids(of: .normal, .unused)
            )
            for id in ids(of: .unused) where mergeable.makes(id) {
                throw .unsupported("type of piece \(id)", "UNUSED, though it is made of others")
            }
            return .bytePair(
                BytePairModel(
                    vocabulary: vocabulary,
                    merges: mergeable.table,
                    unknown: unknown,
                    fallsBackToBytes: fallsBackToBytes
                )
            )
        case .unigram:
            var scores = pieces.map { Double($0.score) }
            let normal = ids(of: .normal).map { scores[$0] }
            // So that they are always chosen, whatever score the file gives them.
            for id in ids(of: .userDefined) { scores[id] = 0 }
            return .unigram(
                UnigramModel(
                    vocabulary: vocabulary,
                    scores: scores,
                    used: ids(of: .normal, .userDefined),
                    lowest: normal.min() ?? 0,
                    unknown: unknown,
                    fallsBackToBytes: fallsBackToBytes,
                    isSinglePrecision: true
                )
            )
        }
    }
}
