using System.Text.Json;
using Gateway.Submissions;

namespace Gateway.Api.Acceptance;

/// <summary>Counts the names, values and brackets of a JSON text without making anything of them.</summary>
internal static class JsonTokens
{
    /// <summary>True if there are more; text that is no JSON is left to the reader, who says where and why.</summary>
    public static bool Exceed(ReadOnlySpan<byte> json, int most)
    {
        // "[[]]": a token takes at least a byte, so a short text need not be read twice.
        if (json.Length <= most)
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MessageJson.MaxDepth });
            for (var count = 0; reader.Read(); count++)
            {
                if (count == most)
                {
                    return true;
                }
            }
        }
        catch (JsonException)
        {
            // Its place is told by the strict reader.
        }

        return false;
    }
}
