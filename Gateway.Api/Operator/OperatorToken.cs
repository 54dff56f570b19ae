using System.Security.Cryptography;
using System.Text;

namespace Gateway.Api.Operator;

/// <summary>
/// The operator's credential: a random text in a file that only its owner reads. Compared by hash in fixed time. Without
/// a file the door stays shut.
/// </summary>
internal sealed class OperatorToken
{
    /// <summary>128 bits in the densest spelling that anybody uses.</summary>
    private const int LeastLength = 22;
    private readonly byte[]? hash;

    /// <exception cref="InvalidOperationException">The token is too short to be a secret.</exception>
    public OperatorToken(string? text)
    {
        if (text is { Length: < LeastLength })
        {
            throw new InvalidOperationException(
                $"Gateway:OperatorTokenFile holds {text.Length} characters; a token has at least {LeastLength}, random"
            );
        }

        hash = text is null ? null : Hash(text);
    }

    public bool Is(string given) => CryptographicOperations.FixedTimeEquals(Hash(given), hash ?? new byte[1]);

    /// <summary>From the file named in <c>Gateway:OperatorTokenFile</c>.</summary>
    /// <exception cref="InvalidOperationException">A file is named and is not there, or holds no token.</exception>
    public static OperatorToken Load(IConfiguration configuration)
    {
        if (configuration["Gateway:OperatorTokenFile"] is not { Length: > 0 } file)
        {
            return new OperatorToken(null);
        }

        return File.Exists(file)
            ? new OperatorToken(File.ReadAllText(file).Trim())
            : throw new InvalidOperationException(
                $"no operator token: Gateway:OperatorTokenFile is '{file}', which does not exist"
            );
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
