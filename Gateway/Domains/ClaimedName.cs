using Gateway.Mail.Addresses;
using Gateway.Submissions;

namespace Gateway.Domains;

/// <summary>A domain as a tenant writes it, brought to the one form that is compared: lower-case A-labels, no dot at the end.</summary>
public static class ClaimedName
{
    private const string Accepted = "a domain that you registered, or a name below it, such as mail.example.com";

    public static string? Read(string? given, PublicSuffixList suffixes, out FieldError? error)
    {
        error = null;
        var text = given is [.. var name, '.'] ? name : given;
        // Read as the domain of an address, since that is where it will be compared.
        if (
            string.IsNullOrEmpty(text)
            || !EmailAddress.TryParse("postmaster@" + text, out var address, out _)
            || address.LocalPart != "postmaster"
            || address.Domain[0] == '['
        )
        {
            error = FieldError.Of("domain_invalid", "domain", given, Accepted);
            return null;
        }

        if (suffixes.IsPublicSuffix(address.Domain))
        {
            error = FieldError.Of(
                "public_suffix",
                "domain",
                given,
                $"a name below {address.Domain}: it is open to everybody's registrations"
            );
            return null;
        }

        return address.Domain;
    }

    /// <summary>The names above it, nearest first, up to the one that was registered.</summary>
    public static IEnumerable<string> Ancestors(string domain, PublicSuffixList suffixes)
    {
        var registrable = suffixes.Registrable(domain);
        for (var name = domain; registrable is not null && name != registrable; )
        {
            name = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..];
            yield return name;
        }
    }
}
