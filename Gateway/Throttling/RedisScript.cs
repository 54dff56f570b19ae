using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Gateway.Throttling;

/// <summary>A script that Redis is asked to run by its hash; a Redis that forgot it (SCRIPT FLUSH, restart) is told it again.</summary>
internal sealed class RedisScript(string text)
{
    // Redis names scripts by SHA-1.
#pragma warning disable CA5350
    private readonly byte[] hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350

    public async Task<RedisResult> RunAsync(IDatabase redis, RedisKey[] keys, params RedisValue[] values)
    {
        try
        {
            return await redis.ScriptEvaluateAsync(hash, keys, values);
        }
        catch (RedisServerException problem) when (problem.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Plainly EVAL: the client's own call with the text believes in what it loaded once.
            var call = new List<object>(keys.Length + values.Length + 2) { text, keys.Length };
            call.AddRange(keys.Select(k => (object)k));
            call.AddRange(values.Select(v => (object)(byte[])v!));
            return await redis.ExecuteAsync("EVAL", [.. call]);
        }
    }
}
