using System.Text;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>Some changes of a seed: pieces of the format put in, cut out, doubled, repeated; single bytes altered.</summary>
internal static class Mutation
{
    // Holds every structure, and keeps thousands of inputs a second.
    private const int MaxSeed = 64 * 1024;

    public static byte[] Of(ReadOnlySpan<byte> seed, IReadOnlyList<byte[]> tokens, Random random)
    {
        var bytes = new List<byte>();
        bytes.AddRange(seed[..Math.Min(seed.Length, MaxSeed)]);
        for (var i = random.Next(1, 12); i > 0; i--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(1, 80), bytes.Count - at);
            var token = tokens[random.Next(tokens.Count)];
            switch (random.Next(6))
            {
                case 0 or 1:
                    bytes.InsertRange(at, token);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                    break;
                case 4 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Repeat(token, random.Next(1, 60)).SelectMany(part => part));
                    break;
            }
        }

        return [.. bytes];
    }

    public static byte[][] Tokens(params string[] tokens) => [.. tokens.Select(Encoding.UTF8.GetBytes)];
}
