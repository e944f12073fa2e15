using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.State;

namespace Armada.Tests.Cluster.Wire;

/// <summary>A call within a silo hands values over as they are: they never change, so none is copied.</summary>
public sealed class CopyTests
{
    public static TheoryData<Type> Classes() => [.. Crossing.Values.Where(type => !type.IsValueType)];

    [Theory]
    [MemberData(nameof(Classes))]
    public void A_value_is_handed_over_as_it_is(Type type)
    {
        var value = new AnyValue(2).Of(type);

        Assert.Same(value, Crossing.Copier.Copy(value));
    }

    [Fact]
    public void A_request_is_handed_over_as_it_is_where_any_request_may_come()
    {
        RobotRequest request = new RobotRequest.Configure((RobotModel)new AnyValue(3).Of(typeof(RobotModel)));

        Assert.Same(request, Crossing.Copier.Copy(request));
    }

    [Fact]
    public void An_array_of_values_is_handed_over_as_it_is()
    {
        var replies = ImmutableArray.Create((RobotReply)new AnyValue(4).Of(typeof(RobotReply)), new RobotReply(null, null));

        Assert.True(replies == Crossing.Copier.Copy(replies));
    }

    [Fact]
    public void Handing_over_a_snapshot_allocates_nothing()
    {
        var snapshot = (RobotSnapshot)new AnyValue(5).Of(typeof(RobotSnapshot));
        Crossing.Copier.Copy(snapshot);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Crossing.Copier.Copy(snapshot);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_state_is_copied_but_not_its_document()
    {
        var state = new RobotState { Document = (RobotDocument)new AnyValue(6).Of(typeof(RobotDocument)) };

        var copy = Crossing.Copier.Copy(state);

        Assert.NotSame(state, copy);
        Assert.Same(state.Document, copy!.Document);
    }
}
