using Gateway.Api.Reading;
using Gateway.Tenants;

namespace Gateway.Api.Manage;

/// <summary>The place in a list of keys: the id of the last one seen.</summary>
internal static class KeyCursor
{
    private const int IdLength = 16;

    public static bool IsKeyId(string text) => text.Length == IdLength && Base32.IsAlphabet(text);

    public static string? Read(QueryFields query)
    {
        if (query.Text("cursor") is not { } text)
        {
            return null;
        }

        if (!IsKeyId(text))
        {
            query.Refuse("cursor", text, IdCursor.Accepted);
        }

        return text;
    }
}
