using System.Text;

namespace Gateway.Tests.Telemetry;

/// <summary>A protobuf message without its schema: what its fields hold, by number (protobuf.dev/programming-guides/encoding).</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> fields = [];

    private ProtoMessage() { }

    public static ProtoMessage Parse(ReadOnlyMemory<byte> bytes)
    {
        var message = new ProtoMessage();
        var at = 0;
        while (at < bytes.Length)
        {
            var tag = Varint(bytes.Span, ref at);
            var (value, length) = (tag & 7) switch
            {
                0 => (Varint(bytes.Span, ref at), 0),
                1 => (BitConverter.ToUInt64(bytes.Span[at..]), 8),
                2 => (0UL, (int)Varint(bytes.Span, ref at)),
                5 => (BitConverter.ToUInt32(bytes.Span[at..]), 4),
                var kind => throw new InvalidDataException($"wire type {kind}"),
            };
            message.fields.Add(((int)(tag >> 3), value, bytes.Slice(at, length)));
            at += length;
        }

        return message;
    }

    public IEnumerable<ProtoMessage> All(int number) =>
        fields.Where(f => f.Number == number).Select(f => Parse(f.Bytes));

    public ProtoMessage? One(int number) => All(number).FirstOrDefault();

    public bool Has(int number) => fields.Exists(f => f.Number == number);

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number).Span);

    public string Hex(int number) => Convert.ToHexStringLower(Bytes(number).Span);

    public ulong Number(int number) => fields.Find(f => f.Number == number).Value;

    private ReadOnlyMemory<byte> Bytes(int number) => fields.Find(f => f.Number == number).Bytes;

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
