using System.Text;
using Armada.Core.Topics;

namespace Armada.Tests.Pure.Wire;

public sealed class TopicMapTests
{
    private static readonly TopicMap Topics = new();

    [Theory]
    [InlineData(Channel.State, "armada/v1/arm-1/state", "armada/v1/+/state")]
    [InlineData(Channel.Command, "armada/v1/arm-1/cmd", "armada/v1/+/cmd")]
    [InlineData(Channel.Control, "armada/v1/arm-1/ctl", "armada/v1/+/ctl")]
    [InlineData(Channel.ControlReply, "armada/v1/arm-1/ctl/reply", "armada/v1/+/ctl/reply")]
    [InlineData(Channel.Presence, "armada/v1/arm-1/presence", "armada/v1/+/presence")]
    public void A_channel_has_its_topic(Channel channel, string topic, string filter)
    {
        Assert.Equal(topic, Topics.Of("arm-1", channel));
        Assert.Equal(filter, Topics.Every(channel));
        Assert.True(Topics.TryParse(Encoding.UTF8.GetBytes(topic), out var device, out var parsed));
        Assert.Equal("arm-1", Encoding.UTF8.GetString(device));
        Assert.Equal(channel, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("armada/v1")]
    [InlineData("armada/v1/")]
    [InlineData("armada/v1//state")]
    [InlineData("armada/v1/arm-1")]
    [InlineData("armada/v1/arm-1/")]
    [InlineData("armada/v1/arm-1/State")]
    [InlineData("armada/v1/arm-1/state/")]
    [InlineData("armada/v2/arm-1/state")]
    [InlineData("xarmada/v1/arm-1/state")]
    [InlineData("armada/v1/+/state")]
    [InlineData("armada/v1/two words/state")]
    public void Another_topic_is_none(string topic)
    {
        Assert.False(Topics.TryParse(Encoding.UTF8.GetBytes(topic), out var device, out var channel));
        Assert.Equal(Channel.None, channel);
        Assert.True(device.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a//b")]
    [InlineData("a/#")]
    [InlineData("a/+/b")]
    [InlineData("a/b/c/d")]
    public void A_root_that_cannot_be_one_is_refused(string root) => Assert.Throws<ArgumentException>(() => new TopicMap(root));

    [Theory]
    [InlineData("a", true)]
    [InlineData("Arm_7-left", true)]
    [InlineData("", false)]
    [InlineData("-arm", false)]
    [InlineData("arm/1", false)]
    [InlineData("arm 1", false)]
    [InlineData("ärm", false)]
    public void A_name_is_safe_as_topic_level_and_client_id(string name, bool valid) => Assert.Equal(valid, DeviceName.IsValid(name));

    [Fact]
    public void A_name_has_at_most_64_characters()
    {
        Assert.True(DeviceName.IsValid(new string('a', 64)));
        Assert.False(DeviceName.IsValid(new string('a', 65)));
    }
}
