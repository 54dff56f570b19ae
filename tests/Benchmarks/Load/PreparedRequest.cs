using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Benchmarks.Running;

namespace Gateway.Benchmarks.Load;

/// <summary>
/// One <c>POST /v1/messages</c> as bytes, ready to be written again and again: only the number in its idempotency key and
/// its recipient changes.
/// </summary>
internal sealed class PreparedRequest
{
    private const string Digits = "0123456789abcdef";
    private const string Mark = "0000000000000000";
    private readonly byte[] bytes;
    private readonly int[] places;

    public PreparedRequest(BenchTenant tenant, Random random, int textBytes, string stream, bool isIdempotent = true)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                from = tenant.Address,
                to = new[] { $"r{Mark}@example.net" },
                subject = RandomWords.Text(random, 40),
                text = RandomWords.Text(random, textBytes),
                stream,
            }
        );
        var once = isIdempotent ? $"Idempotency-Key: b{Mark}\r\n" : "";
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {tenant.Key}\r\n{once}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"
        );
        bytes = [.. Encoding.ASCII.GetBytes(head), .. body];
        var mark = Encoding.ASCII.GetBytes(Mark);
        var first = bytes.AsSpan().IndexOf(mark);
        places = isIdempotent ? [first, first + 1 + bytes.AsSpan(first + 1).IndexOf(mark)] : [first];
    }

    public ReadOnlyMemory<byte> WithNumber(long number)
    {
        foreach (var place in places)
        {
            for (var i = 0; i < Mark.Length; i++)
            {
                bytes[place + i] = (byte)Digits[(int)(number >> (4 * (Mark.Length - 1 - i))) & 15];
            }
        }

        return bytes;
    }
}
