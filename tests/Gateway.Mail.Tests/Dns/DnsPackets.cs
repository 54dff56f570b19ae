using System.Buffers.Binary;
using System.Net;
using System.Text;
using Gateway.Mail.Dns;

namespace Gateway.Mail.Tests.Dns;

/// <summary>Writes packets as a server would; nothing of the product's own writer is used.</summary>
internal static class DnsPackets
{
    public const ushort Response = 0x8180;
    public const ushort Truncated = 0x0200;

    /// <summary>An answer to what was asked: its id and question are copied.</summary>
    public static byte[] Reply(
        DnsAsk ask,
        IReadOnlyList<byte[]>? answers = null,
        IReadOnlyList<byte[]>? authorities = null,
        IReadOnlyList<byte[]>? additionals = null,
        int code = 0,
        ushort flags = Response
    )
    {
        var (given, asked) = (ask.Packet, ask.Packet[12..ask.QuestionEnd]);
        return Message(
            BinaryPrimitives.ReadUInt16BigEndian(given),
            (ushort)(flags | code),
            [asked],
            answers ?? [],
            authorities ?? [],
            additionals ?? []
        );
    }

    public static byte[] Message(
        ushort id,
        ushort flags,
        IReadOnlyList<byte[]> questions,
        IReadOnlyList<byte[]> answers,
        IReadOnlyList<byte[]> authorities,
        IReadOnlyList<byte[]> additionals
    ) =>
        [
            .. Number(id),
            .. Number(flags),
            .. Number((ushort)questions.Count),
            .. Number((ushort)answers.Count),
            .. Number((ushort)authorities.Count),
            .. Number((ushort)additionals.Count),
            .. questions.Concat(answers).Concat(authorities).Concat(additionals).SelectMany(b => b),
        ];

    public static byte[] Question(string name, DnsType type) => [.. Name(name), .. Number((ushort)type), 0, 1];

    public static byte[] Record(string name, DnsType type, byte[] data, uint ttl = 300, ushort @class = 1) =>
        [
            .. Name(name),
            .. Number((ushort)type),
            .. Number(@class),
            .. Number((ushort)(ttl >> 16)),
            .. Number((ushort)ttl),
            .. Number((ushort)data.Length),
            .. data,
        ];

    public static byte[] Txt(string name, string text, uint ttl = 300) =>
        Record(name, DnsType.Txt, [.. Encoding.UTF8.GetBytes(text).Chunk(255).SelectMany(Counted)], ttl);

    public static byte[] Address(string name, string address, uint ttl = 300)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        return Record(name, bytes.Length == 4 ? DnsType.A : DnsType.Aaaa, bytes, ttl);
    }

    public static byte[] Alias(string name, string target, uint ttl = 300) =>
        Record(name, DnsType.Cname, Name(target), ttl);

    public static byte[] Soa(string zone, uint minimum = 60, uint ttl = 60) =>
        Record(
            zone,
            DnsType.Soa,
            [
                .. Name("ns.example"),
                .. Name("admin.example"),
                .. new byte[16],
                .. Number(0),
                .. Number((ushort)minimum),
            ],
            ttl
        );

    public static byte[] Name(string name) =>
        name is "" or "."
            ? [0]
            : [.. name.TrimEnd('.').Split('.').SelectMany(label => Counted(Encoding.ASCII.GetBytes(label))), 0];

    public static byte[] Number(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Counted(byte[] bytes) => [(byte)bytes.Length, .. bytes];
}

/// <summary>A question as it came in.</summary>
internal sealed record DnsAsk(byte[] Packet, bool OverTcp, IPEndPoint From)
{
    public int QuestionEnd { get; } = FindEnd(Packet);

    public ushort Id => BinaryPrimitives.ReadUInt16BigEndian(Packet);

    /// <summary>With the case that was sent.</summary>
    public string Name
    {
        get
        {
            var labels = new List<string>();
            for (var at = 12; Packet[at] != 0; at += Packet[at] + 1)
            {
                labels.Add(Encoding.ASCII.GetString(Packet, at + 1, Packet[at]));
            }

            return string.Join('.', labels);
        }
    }

    public DnsType Type => (DnsType)BinaryPrimitives.ReadUInt16BigEndian(Packet.AsSpan(QuestionEnd - 4));

    public bool HasEdns => Packet[11] == 1;

    private static int FindEnd(byte[] packet)
    {
        var at = 12;
        while (packet[at] != 0)
        {
            at += packet[at] + 1;
        }

        return at + 5;
    }
}
