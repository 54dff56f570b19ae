using System.Diagnostics.CodeAnalysis;

namespace Gateway.Mail.Dns;

/// <summary>A message of DNS, read whole (RFC 1035 §4.1).</summary>
public sealed record DnsMessage
{
    public required ushort Id { get; init; }
    public required bool IsResponse { get; init; }
    public required int Opcode { get; init; }

    /// <summary>AA: the server speaks for the zone.</summary>
    public required bool IsAuthoritative { get; init; }

    /// <summary>TC: the rest did not fit; ask again by TCP.</summary>
    public required bool IsTruncated { get; init; }

    /// <summary>RA: the server asks others for us.</summary>
    public required bool RecursionAvailable { get; init; }

    /// <summary>With the upper bits of EDNS0 where there are some.</summary>
    public required DnsResponseCode Code { get; init; }
    public required IReadOnlyList<DnsQuestion> Questions { get; init; }
    public required IReadOnlyList<DnsRecord> Answers { get; init; }
    public required IReadOnlyList<DnsRecord> Authorities { get; init; }

    /// <summary>Read for its form only: nothing in it is asked for, so nothing in it is believed.</summary>
    public required IReadOnlyList<DnsRecord> Additionals { get; init; }

    /// <summary>Reads a packet, or says what is wrong with it. Never throws, whatever the octets.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> packet,
        [NotNullWhen(true)] out DnsMessage? message,
        out DnsRefusal refusal
    ) => DnsDecoder.TryDecode(packet, out message, out refusal);
}

/// <summary>What is asked.</summary>
public readonly record struct DnsQuestion(DnsName Name, DnsType Type)
{
    public override string ToString() => $"{Type.ToString().ToUpperInvariant()} {Name}";
}

/// <summary>Why a packet could not be read.</summary>
/// <param name="Rule">The rule that it breaks, in words.</param>
/// <param name="Offset">The octet where it was noticed.</param>
public readonly record struct DnsRefusal(string Rule, int Offset);
