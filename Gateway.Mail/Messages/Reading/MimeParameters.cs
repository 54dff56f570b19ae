using System.Text;

namespace Gateway.Mail.Messages;

/// <summary>One parameter: name in lower case, value decoded, language if RFC 2231 gave one.</summary>
public sealed record MimeParameter(string Name, string Value, string? Language = null);

internal static class MimeParameters
{
    public static string? Find(IReadOnlyList<MimeParameter> parameters, string name)
    {
        for (var i = 0; i < parameters.Count; i++)
        {
            if (string.Equals(parameters[i].Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return parameters[i].Value;
            }
        }

        return null;
    }

    public static IReadOnlyList<MimeParameter> Read(ref ParameterReader reader, int max, out bool tooMany)
    {
        tooMany = false;
        List<ParameterSection>? sections = null;
        while (reader.TryReadParameter(out var section))
        {
            if (sections?.Count == max)
            {
                tooMany = true;
                break;
            }

            (sections ??= []).Add(section);
        }

        return sections is null ? [] : Join(sections);
    }

    private static List<MimeParameter> Join(List<ParameterSection> sections)
    {
        var joined = new List<MimeParameter>(sections.Count);
        for (var i = 0; i < sections.Count; i++)
        {
            var first = sections[i];
            if (!first.IsRfc2231)
            {
                // A plain form beside an extended one is for readers that do not know RFC 2231. A boundary is what the
                // simplest reader sees.
                if (first.Name == "boundary" || !sections.Exists(other => other.IsRfc2231 && other.Name == first.Name))
                {
                    joined.Add(new MimeParameter(first.Name, Plain(first)));
                }
            }
            else if (IsFirstOfItsName(sections, i))
            {
                joined.Add(Rfc2231.Join(first.Name, Collect(sections, i)));
            }
        }

        return joined;
    }

    private static bool IsFirstOfItsName(List<ParameterSection> sections, int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (sections[i].IsRfc2231 && sections[i].Name == sections[index].Name)
            {
                return false;
            }
        }

        return true;
    }

    private static List<ParameterSection> Collect(List<ParameterSection> sections, int from)
    {
        var same = new List<ParameterSection>();
        for (var i = from; i < sections.Count; i++)
        {
            if (sections[i].IsRfc2231 && sections[i].Name == sections[from].Name)
            {
                same.Add(sections[i]);
            }
        }

        // RFC 2231 §3: the number orders the sections, not their place. Equal numbers keep their place.
        return same.Count == 1 ? same : [.. same.OrderBy(section => section.Number)];
    }

    // RFC 2047 §5 forbids encoded words here; most mailers write them all the same, and every reader decodes them.
    // A boundary is compared with bytes and is never text.
    private static string Plain(ParameterSection section) =>
        section.Name == "boundary" ? Encoding.UTF8.GetString(section.Value) : HeaderWords.Decode(section.Value);
}
