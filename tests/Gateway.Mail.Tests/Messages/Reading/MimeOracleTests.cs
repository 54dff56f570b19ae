using System.Text.Json;

namespace Gateway.Mail.Tests.Messages.Reading;

/// <summary>Our tree against CPython's for every message of the corpus: leaves, types, decoded bytes.</summary>
public sealed class MimeOracleTests(ITestOutputHelper output)
{
    [Fact]
    public void Structure_equals_the_oracle_on_at_least_95_percent_of_files_without_defects()
    {
        var root = Corpora.Path("mime");
        using var oracle = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "oracle-cpython.json")));
        var compared = 0;
        var equal = 0;
        var withDefects = 0;
        foreach (var file in oracle.RootElement.EnumerateObject())
        {
            var path = Path.Combine(root, file.Name);
            if (!File.Exists(path))
            {
                continue;
            }

            var expected = OracleLeaf.Expected(file.Value);
            var actual = OracleLeaf.Of(File.ReadAllBytes(path));
            var same = expected.SequenceEqual(actual);
            var defects = file.Value.GetProperty("defects").GetArrayLength() > 0;
            if (!same)
            {
                output.WriteLine($"{(defects ? "defect " : "")}{file.Name}: {OracleLeaf.Difference(expected, actual)}");
            }

            withDefects += defects && same ? 1 : 0;
            compared += defects ? 0 : 1;
            equal += same && !defects ? 1 : 0;
        }

        output.WriteLine($"equal {equal} of {compared} without defects; {withDefects} with defects are equal too");
        Assert.True(equal >= compared * 0.95, $"{equal} of {compared}");
    }
}
