using Armada.Devices.Arms;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Emulators.Bus;

namespace Armada.Tests.Bus.Emulators;

/// <summary>The port: cable, name, and clients that come and go.</summary>
public sealed class PortTests
{
    private const string Ping = "FF FF 01 02 01 FB";
    private const string Ok = "FF FF 01 02 00 FC";

    [Fact]
    public void A_pulled_cable_is_noticed_and_a_put_back_one_works()
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect(Ping, Ok);
        arm.Bus.Unplug();
        Assert.False(Path.Exists(arm.Bus.Port));
        Assert.Throws<SerialLostException>(() => arm.Expect(Ping, Ok));
        arm.Bus.Replug();
        arm.Reopen();
        arm.Expect(Ping, Ok);
    }

    [Fact]
    public void Servos_keep_power_and_torque_while_the_cable_is_out()
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect("FF FF 01 04 03 28 01 CE", Ok);
        arm.Bus.Unplug();
        arm.Bus.Replug();
        Assert.Equal(1, arm.Bus.Arm.Read(1, Sts3215.TorqueEnable));
    }

    [Fact]
    public void Clients_may_come_and_go()
    {
        using var arm = PluggedArm.OfReference();
        for (var i = 0; i < 50; i++)
        {
            arm.Expect(Ping, Ok);
            arm.Reopen();
        }
    }

    [Fact]
    public void An_answer_nobody_read_is_gone_with_the_client_that_asked()
    {
        using var arm = PluggedArm.OfReference();
        arm.Expect("FF FF FE 02 01 FE", Ok);
        arm.CloseAndReopen();
        arm.Expect("FF FF 06 02 01 F6", "FF FF 06 02 00 F7");
    }

    [Fact]
    public void The_last_words_of_a_client_are_heard()
    {
        using var arm = PluggedArm.OfReference();
        arm.Send("FF FF FE 04 03 28 00 D2");
        arm.CloseAndReopen();
        Assert.True(arm.Bus.Journal.Wait(w => w.IsTorqueOffForAll, TimeSpan.FromSeconds(5)) is not null, "the torque-off was lost");
    }

    [Fact]
    public void Pulling_and_putting_back_again_and_again_wedges_nothing()
    {
        using var arm = PluggedArm.OfReference();
        for (var i = 0; i < 50; i++)
        {
            arm.Bus.Unplug();
            arm.Bus.Unplug();
            arm.Bus.Replug();
            arm.Reopen();
            arm.Expect(Ping, Ok);
        }
    }

    [Fact]
    public void Disposing_removes_the_port()
    {
        var arm = PluggedArm.OfReference();
        var port = arm.Bus.Port;
        arm.Dispose();
        Assert.False(Path.Exists(port));
    }

    [Fact]
    public void A_file_is_never_replaced_by_a_port()
    {
        var file = Path.GetTempFileName();
        var refusal = Assert.Throws<IOException>(() => new EmulatedBus(EmulatedArm.So101(ArmRole.Leader), file));
        Assert.Contains(file, refusal.Message, StringComparison.Ordinal);
        File.Delete(file);
    }
}
