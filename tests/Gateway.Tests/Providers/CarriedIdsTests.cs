using Gateway.Providers;

namespace Gateway.Tests.Providers;

public sealed class CarriedIdsTests
{
    private static readonly CarriedIds Ids = new(Guid.NewGuid(), Guid.NewGuid(), 12);

    [Fact]
    public void What_is_carried_is_read_back()
    {
        Assert.True(CarriedIds.TryRead(Ids.Delivery, Ids.Message, Ids.AttemptName, out var read));
        Assert.Equal(Ids, read);
    }

    [Fact]
    public void Every_provider_keeps_their_letters_and_lengths() =>
        Assert.All(
            Ids.Pairs(),
            pair =>
            {
                Assert.Matches("^[a-z_]{1,20}$", pair.Key);
                Assert.Matches("^[A-Za-z0-9_-]{1,64}$", pair.Value);
            }
        );

    [Theory]
    [InlineData("{0}", "{1}", "{0}")]
    [InlineData("{0}", "{1}", "{0}-")]
    [InlineData("{0}", "{1}", "{0}-x")]
    [InlineData("{0}", "{1}", "{0}--1")]
    [InlineData("{0}", "{1}", "{0}-999999")]
    [InlineData("{0}", "{1}", "{1}-1")]
    [InlineData("{0}", "{1}", null)]
    [InlineData("{0}", null, "{0}-1")]
    [InlineData(null, "{1}", "{0}-1")]
    [InlineData("{0} ", "{1}", "{0}-1")]
    public void What_we_did_not_write_is_not_read(string? delivery, string? message, string? attempt)
    {
        string? Fill(string? text) => text is null ? null : string.Format(text, Ids.Delivery, Ids.Message);
        Assert.False(CarriedIds.TryRead(Fill(delivery), Fill(message), Fill(attempt), out _));
    }
}
