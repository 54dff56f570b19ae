using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gateway.Secrets;

/// <summary>
/// The roots from which API-key, link, unsubscribe and VERP keys are derived. Each root is random, has an epoch and is
/// sealed under the master key; the newest signs, all of them verify. Read from a file, so that a door can refuse a
/// forged key while the database is away.
/// </summary>
public sealed class KeyRing
{
    private readonly Dictionary<string, byte[]> roots;

    /// <summary>As many as there are epochs and purposes; each request needs one of them.</summary>
    private readonly ConcurrentDictionary<(string Epoch, string Purpose), byte[]> derived = new();

    private KeyRing(Dictionary<string, byte[]> roots, string current)
    {
        this.roots = roots;
        CurrentEpoch = current;
    }

    /// <summary>One base32 letter: it stands in every key that the epoch signed.</summary>
    public string CurrentEpoch { get; }

    public static KeyRing Generate() => new(new() { ["a"] = RandomNumberGenerator.GetBytes(MasterKey.Length) }, "a");

    /// <summary>A 32-byte key for one purpose and epoch, or null where the ring has no such epoch.</summary>
    public byte[]? Derive(string epoch, string purpose) =>
        derived.TryGetValue((epoch, purpose), out var known) ? known
        : roots.TryGetValue(epoch, out var root)
            ? derived[(epoch, purpose)] = HKDF.DeriveKey(
                HashAlgorithmName.SHA256,
                root,
                MasterKey.Length,
                info: Encoding.UTF8.GetBytes(purpose)
            )
        : null;

    public IEnumerable<string> Epochs => roots.Keys;

    public void Save(string file, MasterKey master)
    {
        var content = new RingFile(
            CurrentEpoch,
            roots.ToDictionary(r => r.Key, r => Convert.ToBase64String(master.Seal(r.Value, Place(r.Key))))
        );
        PrivateFile.Write(file, JsonSerializer.Serialize(content));
    }

    /// <exception cref="InvalidOperationException">The file is missing or damaged, or another master key sealed it.</exception>
    public static KeyRing Load(string file, MasterKey master)
    {
        try
        {
            var content =
                JsonSerializer.Deserialize<RingFile>(File.ReadAllText(file)) ?? throw new JsonException("empty");
            var opened = content.Roots.ToDictionary(
                r => r.Key,
                r => master.Open(Convert.FromBase64String(r.Value), Place(r.Key))
            );
            return new KeyRing(opened, content.Current);
        }
        catch (Exception problem)
            when (problem is IOException or JsonException or FormatException or CryptographicException)
        {
            throw new InvalidOperationException(
                $"Gateway:KeyRingFile={file} cannot be opened with this master key: {problem.Message}",
                problem
            );
        }
    }

    private static SecretPlace Place(string epoch) => new(Guid.Empty, "keyring", epoch, "root");

    private sealed record RingFile(string Current, Dictionary<string, string> Roots);
}
