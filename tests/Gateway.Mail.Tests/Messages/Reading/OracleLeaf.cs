using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>A leaf as the oracle writes it.</summary>
internal sealed record OracleLeaf(string Type, int Length, string Sha256)
{
    // The corpus has files that break our limits on purpose; the comparison of structure is about reading them.
    private static readonly MimeLimits Wide = new() { MaxHeaderBytes = 1 << 20, MaxHeaderSectionBytes = 1 << 20 };

    public static List<OracleLeaf> Expected(JsonElement file) =>
        [
            .. file.GetProperty("leaves")
                .EnumerateArray()
                .Select(leaf => new OracleLeaf(
                    leaf.GetProperty("type").GetString()!,
                    leaf.GetProperty("len").GetInt32(),
                    leaf.GetProperty("sha256").GetString()!
                )),
        ];

    /// <summary>Our leaves. Where asked, quoted-printable keeps white space at line ends, as CPython reads it.</summary>
    public static List<OracleLeaf> Of(ReadOnlyMemory<byte> bytes, bool keepWhiteSpace = false)
    {
        var leaves = new List<OracleLeaf>();
        foreach (var part in MimeMessage.Parse(bytes, Wide).Parts().Where(part => part.Children.Count == 0))
        {
            AddLeaf(bytes, part, leaves, keepWhiteSpace);
        }

        return leaves;
    }

    public static string Difference(List<OracleLeaf> expected, List<OracleLeaf> actual)
    {
        var at = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
        var theirs = at < expected.Count ? expected[at].ToString() : "nothing";
        var ours = at < actual.Count ? actual[at].ToString() : "nothing";
        return $"{expected.Count} leaves, ours {actual.Count}; at {at} {theirs}, ours {ours}";
    }

    private static void AddLeaf(
        ReadOnlyMemory<byte> message,
        MimePart part,
        List<OracleLeaf> leaves,
        bool keepWhiteSpace
    )
    {
        if (part.ContentType.Is("message", "delivery-status"))
        {
            foreach (var group in OracleGroups.Of(message, part.BodyRange))
            {
                leaves.Add(From(group.ContentType.MediaType, group.DecodeContent()));
            }

            return;
        }

        if (part.ContentType.Type == "message")
        {
            // CPython reads the body of any message/* as a message; we only where the standard says it is a whole one.
            leaves.AddRange(Of(part.Body, keepWhiteSpace));
            return;
        }

        var asGiven = keepWhiteSpace && part.TransferEncoding == PartEncoding.QuotedPrintable;
        leaves.Add(From(part.ContentType.MediaType, asGiven ? Quoted(part.Body) : part.DecodeContent()));
    }

    /// <summary>Protects the white space that RFC 2045 §6.7 (3) takes off.</summary>
    private static byte[] Quoted(ReadOnlyMemory<byte> body)
    {
        var lines = Encoding.Latin1.GetString(body.Span).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var text = lines[i].TrimEnd('\r').TrimEnd(' ', '\t');
            var space = lines[i][text.Length..];
            lines[i] =
                text
                + space.Replace(" ", "=20", StringComparison.Ordinal).Replace("\t", "=09", StringComparison.Ordinal);
        }

        return QuotedPrintableDecoder.Decode(Encoding.Latin1.GetBytes(string.Join('\n', lines)));
    }

    private static OracleLeaf From(string type, byte[] content) =>
        new(type, content.Length, Convert.ToHexStringLower(SHA256.HashData(content))[..16]);
}
