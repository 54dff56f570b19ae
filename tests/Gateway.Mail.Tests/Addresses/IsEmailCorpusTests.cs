using System.Text.Json;
using Gateway.Mail.Addresses;

namespace Gateway.Mail.Tests.Addresses;

/// <summary>
/// The is_email() cases. Our policy for what they leave open: quoted local parts are accepted; IP literals, single-label
/// domains and numeric top levels are accepted when asked for; comments, folding, obsolete forms and everything beyond
/// the lengths of RFC 5321 are refused.
/// </summary>
public sealed class IsEmailCorpusTests
{
    private const AddressForms All =
        AddressForms.AddressLiteral | AddressForms.SingleLabelDomain | AddressForms.NumericTopLevel;

    [Fact]
    public void No_invalid_address_is_accepted_in_any_form()
    {
        var accepted = Cases("ISEMAIL_ERR").Where(c => Accepts(c.Address, All)).ToList();

        Assert.Empty(accepted);
    }

    [Fact]
    public void Every_valid_address_is_accepted()
    {
        var refused = Cases("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN")
            .Where(c => !Accepts(c.Address, AddressForms.Internet))
            .ToList();

        Assert.Empty(refused);
    }

    [Fact]
    public void Every_address_of_SMTP_is_accepted_when_all_forms_are_asked_for()
    {
        var refused = Cases("ISEMAIL_RFC5321").Where(c => !Accepts(c.Address, All)).ToList();

        Assert.Empty(refused);
    }

    [Fact]
    public void Of_the_SMTP_only_forms_the_quoted_string_alone_is_accepted_unasked()
    {
        var wrong = Cases("ISEMAIL_RFC5321")
            .Where(c =>
                Accepts(c.Address, AddressForms.Internet)
                != c.Diagnosis.EndsWith("QUOTEDSTRING", StringComparison.Ordinal)
            )
            .ToList();

        Assert.Empty(wrong);
    }

    [Fact]
    public void What_only_a_header_may_hold_is_refused_in_the_envelope()
    {
        var accepted = Cases("ISEMAIL_RFC5322", "ISEMAIL_CFWS", "ISEMAIL_DEPREC")
            .Where(c => Accepts(c.Address, All))
            .ToList();

        Assert.Empty(accepted);
    }

    private static bool Accepts(string address, AddressForms forms) =>
        EmailAddress.TryParse(address, forms, out _, out _);

    private static IEnumerable<(string Address, string Diagnosis)> Cases(params string[] categories)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Corpora.Path("address-isemail", "tests.json")));
        foreach (var test in file.RootElement.EnumerateArray())
        {
            if (categories.Contains(test.GetProperty("category").GetString()))
                yield return (test.GetProperty("address").GetString()!, test.GetProperty("diagnosis").GetString()!);
        }
    }
}
