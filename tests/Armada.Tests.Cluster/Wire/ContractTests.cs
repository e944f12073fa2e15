using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Armada.Core.Engine;
using Armada.Core.Motions;
using Armada.Core.Robots;
using Armada.Core.Routing;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;

namespace Armada.Tests.Cluster.Wire;

/// <summary>What the forms promise besides what is in them.</summary>
public sealed class ContractTests
{
    public static TheoryData<Type> Requests() =>
        [.. typeof(RobotRequest).GetNestedTypes().Where(type => !type.IsAbstract && typeof(RobotRequest).IsAssignableFrom(type))];

    public static TheoryData<Type> Values() => [.. Crossing.Values];

    [Theory]
    [MemberData(nameof(Requests))]
    public void Every_request_can_cross(Type request) => Assert.Contains(request, Crossing.Values);

    [Theory]
    [InlineData(typeof(RobotReply))]
    [InlineData(typeof(RobotSnapshot))]
    [InlineData(typeof(RobotEvent))]
    [InlineData(typeof(SampleStamp))]
    [InlineData(typeof(RoomName))]
    [InlineData(typeof(SequenceMotion))]
    public void Everything_an_engine_takes_and_answers_can_cross(Type value) => Assert.Contains(value, Crossing.Values);

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_is_known_by_its_alias_and_never_by_its_dotnet_name(Type type) =>
        AssertKnownByAlias(Crossing.Serializer.SerializeToArray(new AnyValue(1).Of(type)));

    [Fact]
    public void An_answer_and_a_list_of_values_are_known_by_alias_too()
    {
        AssertKnownByAlias(Crossing.Serializer.SerializeToArray(Response.FromResult(Samples.Reply)));
        AssertKnownByAlias(Crossing.Serializer.SerializeToArray(Response.FromResult(ImmutableArray.Create(Samples.Reply))));
    }

    [Fact]
    public void A_motion_without_a_serializer_is_refused_by_its_type()
    {
        var fault = Assert.Throws<CodecNotFoundException>(
            () => Crossing.Serializer.SerializeToArray<RobotRequest>(new RobotRequest.Play(new Wobble(), Loop: false, Takeover: false)));

        Assert.Contains(nameof(Wobble), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_that_the_sender_does_not_know_yet_is_the_default() =>
        Assert.Equal(new JointMapping("elbow"), Crossing.Serializer.Deserialize<JointMapping>(Crossing.Serializer.SerializeToArray(new OlderTune { Joint = "elbow" })));

    [Fact]
    public void A_member_that_the_receiver_does_not_know_yet_is_passed_over()
    {
        var newer = new NewerTune { Joint = "elbow", Offset = 2, Name = "e", Backlash = ["a", "b"] };

        Assert.Equal(new JointMapping("elbow", 2, "e"), Crossing.Serializer.Deserialize<JointMapping>(Crossing.Serializer.SerializeToArray(newer)));
    }

    private static void AssertKnownByAlias(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        Assert.Contains("armada.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Armada.", text, StringComparison.Ordinal);
    }

    private sealed class Wobble : IMotion
    {
        public string Name => "wobble";

        public bool TryFit(RobotModel model, [NotNullWhen(true)] out IMotionTrack? track, [NotNullWhen(false)] out string? misfit) =>
            throw new InvalidOperationException("it is never played");
    }
}

/// <summary>A joint's tune as a build before this one might have sent it.</summary>
[GenerateSerializer]
public sealed class OlderTune
{
    [Id(0)]
    public string Joint { get; set; } = "";
}

/// <summary>A joint's tune as a build after this one might send it.</summary>
[GenerateSerializer]
public sealed class NewerTune
{
    [Id(0)]
    public string Joint { get; set; } = "";

    [Id(1)]
    public double Offset { get; set; }

    [Id(2)]
    public string? Name { get; set; }

    [Id(3)]
    public string[] Backlash { get; set; } = [];
}
