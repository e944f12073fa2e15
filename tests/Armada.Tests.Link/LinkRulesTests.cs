using Armada.Mqtt;

namespace Armada.Tests.Link;

/// <summary>Topic filters and back-off.</summary>
public sealed class LinkRulesTests
{
    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/bc", false)]
    [InlineData("a/b", "a", false)]
    [InlineData("a", "a/b", false)]
    [InlineData("+", "a", true)]
    [InlineData("+", "a/b", false)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/c", "a//c", true)]
    [InlineData("/+", "/a", true)]
    [InlineData("+/+", "/a", true)]
    [InlineData("#", "a/b/c", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("#", "$SYS/broker", false)]
    [InlineData("+/broker", "$SYS/broker", false)]
    [InlineData("$SYS/#", "$SYS/broker", true)]
    public void A_filter_matches_as_MQTT_says(string filter, string topic, bool matches) =>
        Assert.Equal(matches, TopicFilter.Matches(filter, topic));

    [Theory]
    [InlineData("a/+/b", true)]
    [InlineData("a/#", true)]
    [InlineData("", false)]
    [InlineData("a/#/b", false)]
    [InlineData("a/b#", false)]
    [InlineData("a/b+/c", false)]
    [InlineData("a\0", false)]
    public void A_filter_is_valid_as_MQTT_says(string filter, bool valid) => Assert.Equal(valid, TopicFilter.IsValid(filter));

    [Theory]
    [InlineData("$share/silos/a/+", "a/+")]
    [InlineData("a/$share/b", "a/$share/b")]
    public void A_shared_filter_matches_without_its_group(string filter, string matched) =>
        Assert.Equal(matched, TopicFilter.WithoutShare(filter));

    [Fact]
    public void Back_off_doubles_up_to_the_longest_wait_and_starts_again()
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), () => 1);
        Assert.Equal([100, 200, 400, 500, 500], Enumerable.Range(0, 5).Select(_ => (int)backOff.Next().TotalMilliseconds));
        backOff.Reset();
        Assert.Equal(100, backOff.Next().TotalMilliseconds);
        Assert.Equal(500, backOff.Max().TotalMilliseconds);
    }

    [Fact]
    public void Back_off_is_jittered_between_half_and_whole()
    {
        Assert.Equal(50, Wait(0));
        Assert.Equal(75, Wait(0.5));

        static double Wait(double chance) =>
            new BackOff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), () => chance).Next().TotalMilliseconds;
    }
}
