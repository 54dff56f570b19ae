using System.Security.Cryptography;

namespace Gateway.Mail.Dkim;

/// <summary>
/// What several signatures of one message share: the index of header names, and each body hash computed once. All work
/// is linear in the message for each signature.
/// </summary>
internal sealed class SignedMessage(HeaderSection section)
{
    private readonly Dictionary<(Canonicalization, long?), (byte[] Hash, long Length)> bodies = [];
    private readonly Dictionary<string, List<int>> byName = IndexNames(section);

    public HeaderSection Section => section;

    /// <summary>The hash of the canonical body up to <paramref name="limit"/>, and the length of the whole.</summary>
    public (byte[] Hash, long Length) HashBody(Canonicalization mode, long? limit)
    {
        if (!bodies.TryGetValue((mode, limit), out var body))
        {
            using var hasher = new DkimBodyHasher(mode, limit);
            hasher.Append(section.Body);
            body = (hasher.Finish(), hasher.CanonicalLength);
            bodies.Add((mode, limit), body);
        }

        return body;
    }

    /// <summary>RFC 6376 §3.7: the hash over the signed fields and the signature field with an empty b=.</summary>
    public byte[] HashHeaders(SignatureTags signature, int signatureIndex)
    {
        var bytes = section.Bytes.Span;
        using var canonical = new PooledBytes(section.Bytes.Length + 1024);
        foreach (var index in Select(signature.SignedNames, signatureIndex))
        {
            HeaderCanonicalizer.Write(signature.Header, section.Fields[index].In(bytes), canonical);
            canonical.Append("\r\n"u8);
        }

        var field = section.Fields[signatureIndex].In(bytes);
        using var emptied = new PooledBytes(field.Length);
        emptied.Append(field[..signature.SignatureValue.Start.Value]);
        emptied.Append(field[signature.SignatureValue.End.Value..]);
        HeaderCanonicalizer.Write(signature.Header, emptied.Written, canonical);
        return SHA256.HashData(canonical.Written);
    }

    public int CountNamed(string name) => byName.TryGetValue(name, out var indices) ? indices.Count : 0;

    /// <summary>
    /// §5.4.2: each mention of a name takes the lowest instance not taken yet; a mention without one adds nothing. The
    /// signature field itself is never among them (§3.5 h=).
    /// </summary>
    private List<int> Select(string[] names, int signatureIndex)
    {
        var taken = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var selected = new List<int>(names.Length);
        foreach (var name in names)
        {
            if (!byName.TryGetValue(name, out var indices))
            {
                continue;
            }

            var next = taken.GetValueOrDefault(name);
            if (next < indices.Count && indices[indices.Count - 1 - next] == signatureIndex)
            {
                next++;
            }

            if (next < indices.Count)
            {
                selected.Add(indices[indices.Count - 1 - next]);
            }

            taken[name] = next + 1;
        }

        return selected;
    }

    private static Dictionary<string, List<int>> IndexNames(HeaderSection section)
    {
        var bytes = section.Bytes.Span;
        var index = new Dictionary<string, List<int>>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < section.Fields.Count; i++)
        {
            var name = System.Text.Encoding.Latin1.GetString(section.Fields[i].NameIn(bytes));
            if (!index.TryGetValue(name, out var indices))
            {
                index.Add(name, indices = []);
            }

            indices.Add(i);
        }

        return index;
    }
}
