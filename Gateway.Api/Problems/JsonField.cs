using System.Text;

namespace Gateway.Api.Problems;

/// <summary>A field as the caller wrote it, from the reader's JSONPath: <c>$.to[0]</c> is <c>to[0]</c>, <c>$['a b']</c> is <c>a b</c>.</summary>
internal static class JsonField
{
    private const string Open = "['";
    private const string Close = "']";

    /// <summary>Null for the document itself.</summary>
    public static string? Of(string? path)
    {
        if (path is null or "$" or "")
        {
            return null;
        }

        var field = new StringBuilder(path.Length);
        var rest = path.AsSpan(path[0] == '$' ? 1 : 0);
        while (rest.IndexOf(Open) is var open and >= 0)
        {
            field.Append(rest[..open]).Append('.');
            rest = rest[(open + Open.Length)..];
            var close = rest.IndexOf(Close);
            field.Append(close < 0 ? rest : rest[..close]);
            rest = close < 0 ? [] : rest[(close + Close.Length)..];
        }

        field.Append(rest);
        return field[0] == '.' ? field.ToString(1, field.Length - 1) : field.ToString();
    }
}
