using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Armada.Silo.Access;
using Armada.Silo.Rooms;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Rooms;

/// <summary>Which rooms are removed and when, by a clock the tests turn.</summary>
public sealed class RoomCleanupTests
{
    [Fact]
    public async Task A_room_that_nobody_used_for_an_hour_is_removed_and_no_earlier()
    {
        await using var rig = await Rig.StartAsync();
        await rig.MakeAsync("idle");
        rig.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, (await rig.Cleanup.SweepAsync(Caller.Silo, default)).RoomsRemoved);

        rig.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Assert.Single((await rig.Cleanup.GetStatusAsync(default)).Rooms).WillBeCleaned);
        var result = await rig.Cleanup.SweepAsync(Caller.Silo, default);

        Assert.Equal((1, 0, 1), (result.RoomsBefore, result.RoomsAfter, result.RoomsRemoved));
        Assert.Empty(await rig.Engine.ListAsync(default));
    }

    [Fact]
    public async Task Every_quarter_of_an_hour_it_happens_by_itself()
    {
        await using var rig = await Rig.StartAsync();
        await rig.MakeAsync("idle");
        await rig.Cleanup.StartAsync(default);

        await Eventually.Holds("the room is removed", () =>
        {
            rig.Time.Advance(RoomCleanup.Interval);
            return rig.Engine.ListAsync(default).AsTask().GetAwaiter().GetResult().Count == 0;
        });
    }

    [Fact]
    public async Task A_robot_that_was_not_made_as_a_room_is_never_removed()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Engine.CreateAsync("arm", RobotModels.So101, null, default);
        rig.Time.Advance(TimeSpan.FromDays(30));

        Assert.Equal(0, (await rig.Cleanup.SweepAsync(Caller.Silo, default)).RoomsBefore);
        Assert.Single(await rig.Engine.ListAsync(default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_room_with_a_device_is_never_removed(bool master)
    {
        await using var rig = await Rig.StartAsync();
        var robot = await rig.MakeAsync("bench");
        RobotRequest bind = master ? new RobotRequest.BindMaster("leader", false) : new RobotRequest.BindSlave("follower", false);
        Assert.Null((await rig.Engine.ApplyAsync(robot, bind, default)).Refused);
        rig.Time.Advance(TimeSpan.FromDays(30));

        Assert.Equal(0, (await rig.Cleanup.SweepAsync(Caller.Silo, default)).RoomsRemoved);
    }

    [Fact]
    public async Task Use_of_a_room_puts_its_end_off()
    {
        await using var rig = await Rig.StartAsync();
        var robot = await rig.MakeAsync("used");
        rig.Time.Advance(TimeSpan.FromMinutes(50));
        rig.OpenRooms.Get(robot).MarkUsed(rig.OpenRooms.Now);
        rig.Time.Advance(TimeSpan.FromMinutes(50));

        Assert.Equal(0, (await rig.Cleanup.SweepAsync(Caller.Silo, default)).RoomsRemoved);
        var age = Assert.Single((await rig.Cleanup.GetStatusAsync(default)).Rooms);
        Assert.Equal((100.0, 50.0), (age.AgeMinutes, age.InactivityMinutes));
    }

    private sealed class Rig(QuietSilo silo, HandTime time) : IAsyncDisposable
    {
        public HandTime Time => time;

        public IRobotEngine Engine => silo.Engine;

        public RoomCleanup Cleanup => silo.Service<RoomCleanup>();

        public OpenRooms OpenRooms => silo.Service<OpenRooms>();

        public static async Task<Rig> StartAsync()
        {
            var time = new HandTime();
            var rig = new Rig(await QuietSilo.StartAsync(services => services.AddSingleton(new SiloClock(time))), time);
            await rig.Cleanup.StopAsync(default); // Tests sweep themselves.
            Assert.Equal(0, rig.OpenRooms.Connections); // Its clock starts.
            return rig;
        }

        public async Task<string> MakeAsync(string id) =>
            (await silo.Service<RoomCatalog>().CreateAsync(new RoomName("w", id), default)).Robot!.Document.Id;

        public ValueTask DisposeAsync() => silo.DisposeAsync();
    }
}
