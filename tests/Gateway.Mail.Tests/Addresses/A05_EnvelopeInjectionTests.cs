using System.Diagnostics;
using System.Text.Json;
using Gateway.Mail.Addresses;
using Gateway.Mail.Tests.Messages.Composition;

namespace Gateway.Mail.Tests.Addresses;

/// <summary>A5: envelope injection, by the inputs of published advisories.</summary>
public sealed class A05_EnvelopeInjectionTests
{
    /// <summary>Microseconds on a machine at rest, a moment on a busy one; what loops would take minutes.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    [Fact]
    public void An_advisorys_address_is_refused_or_means_one_domain()
    {
        var checkedCases = 0;
        foreach (var (id, field, input, must) in Cases())
        {
            if (
                !field.Contains("recipient", StringComparison.Ordinal)
                && !field.StartsWith("sender", StringComparison.Ordinal)
            )
                continue;
            checkedCases++;
            var watch = Stopwatch.StartNew();
            var accepted = EmailAddress.TryParse(input, out var address, out var error);
            Assert.True(watch.Elapsed < Soon, id);
            if (
                must.StartsWith("refuse with", StringComparison.Ordinal)
                || must.StartsWith("refuse;", StringComparison.Ordinal)
            )
                Assert.False(accepted, $"{id}: {address}");
            if (accepted)
            {
                Assert.DoesNotContain(address!.ToString(), static c => c is '\r' or '\n' or '\0');
                Assert.EndsWith(address.Domain, input, StringComparison.OrdinalIgnoreCase);
            }
            else
            {
                Assert.NotEmpty(error.Message);
            }
        }

        Assert.NotEqual(0, checkedCases);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public void Comments_without_end_are_refused_at_once(int depth)
    {
        var text = new string('(', depth) + "a@example.com";
        var watch = Stopwatch.StartNew();

        Assert.False(EmailAddress.TryParse(text, out _, out _));
        Assert.False(Mailbox.TryParse(text, out _, out _));
        Assert.False(AddressList.TryParse(text, out _, out _));
        Assert.False(AddressList.TryParse(text, out _, out _, new AddressListLimits(int.MaxValue)));

        Assert.True(watch.Elapsed < Soon);
    }

    [Fact]
    public void Half_a_million_addresses_in_one_field_are_refused_before_they_are_read()
    {
        var text = string.Concat(Enumerable.Repeat("a@example.com, ", 500_000));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();

        Assert.False(AddressList.TryParse(text, out _, out var error));

        Assert.True(watch.Elapsed < Soon);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 10_000);
        Assert.Equal("address_list_too_long", error.Code);
    }

    [Fact]
    public void A_hundred_thousand_texts_never_make_a_second_command_or_argument()
    {
        var accepted = 0;
        for (var seed = 0; seed < 100_000; seed++)
        {
            var random = new RandomText(seed);
            var text = random.Chance(50) ? random.Line(4) + "@b.example" : $"\"{random.Line(4)}\"@b.example";
            if (!EmailAddress.TryParse(text, out var address, out _))
                continue;
            accepted++;
            var wire = address.ToString();
            Assert.DoesNotContain(wire, static c => c is < ' ' or '\x7f' or '\u0085' or '\u2028');
            Assert.Equal("b.example", address.Domain);
            Assert.EndsWith("@b.example", wire, StringComparison.Ordinal);
            Assert.True(wire[0] == '"' || wire.AsSpan().IndexOfAny(" <>,;:\"") < 0, wire);
        }

        Assert.True(accepted > 1_000, $"{accepted} accepted");
    }

    internal static IEnumerable<(string Id, string Field, string Input, string Must)> Cases()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Corpora.Path("advisory-inputs", "cases.json")));
        foreach (var test in file.RootElement.EnumerateArray())
        {
            var input = test.GetProperty("input");
            yield return (
                test.GetProperty("id").GetString()!,
                test.GetProperty("field").GetString()!,
                input.ValueKind == JsonValueKind.String
                    ? input.GetString()!
                    : string.Concat(
                        Enumerable.Repeat(
                            input.GetProperty("repeat").GetString(),
                            input.GetProperty("times").GetInt32()
                        )
                    ),
                test.GetProperty("must").GetString()!
            );
        }
    }
}
