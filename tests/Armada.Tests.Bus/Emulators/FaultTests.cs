using Armada.Devices.Arms;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;

namespace Armada.Tests.Bus.Emulators;

/// <summary>Each fault as the project's own driver sees it.</summary>
public sealed class FaultTests : IDisposable
{
    private static readonly byte[] _ids = [1, 2, 3, 4, 5, 6];

    private readonly PluggedArm _arm = new(EmulatedArm.So101(ArmRole.Follower));
    private readonly FeetechBus _driver;

    public FaultTests() => _driver = _arm.Driver();

    [Fact]
    public void A_silent_servo_leaves_the_other_five()
    {
        _arm.Bus.Faults.Silence(4);
        Assert.Equal([4], Unanswered());
        _arm.Bus.Faults.Silence(4, silent: false);
        Assert.Empty(Unanswered());
    }

    [Fact]
    public void A_silent_servo_does_not_hear_either()
    {
        _arm.Bus.Faults.Silence(4);
        _driver.Broadcast(Sts3215.TorqueEnable, 1, default);
        Assert.True(_driver.Ping(1, default).IsOk);
        Assert.Equal(0, _arm.Bus.Arm.Read(4, Sts3215.TorqueEnable));
        Assert.Equal(1, _arm.Bus.Arm.Read(1, Sts3215.TorqueEnable));
    }

    [Fact]
    public void Corrupt_answers_are_as_many_as_asked_for()
    {
        _arm.Bus.Faults.CorruptNext(2);
        Assert.Equal(AnswerStatus.Corrupt, _driver.Ping(1, default).Status);
        Assert.Equal(AnswerStatus.Corrupt, _driver.Ping(1, default).Status);
        Assert.Equal(AnswerStatus.Ok, _driver.Ping(1, default).Status);
    }

    [Fact]
    public void A_part_of_the_answers_can_be_corrupt()
    {
        _arm.Bus.Faults.CorruptRate(1);
        Assert.Equal(_ids, Unanswered());
        _arm.Bus.Faults.CorruptRate(0);
        Assert.Empty(Unanswered());
    }

    [Fact]
    public void A_partial_answer_ends_in_the_midst_of_the_fourth_servo()
    {
        _arm.Bus.Faults.PartialNext(1);
        Assert.Equal([4, 5, 6], Unanswered());
        Assert.Empty(Unanswered());
    }

    [Fact]
    public void A_late_answer_comes_after_those_that_are_in_time()
    {
        _arm.Bus.Faults.Late(2, TimeSpan.FromMilliseconds(50));
        _arm.Expect("FF FF FE 07 82 07 01 01 02 03 6A", "FF FF 01 03 00 00 FB | FF FF 03 03 00 00 F9 | FF FF 02 03 00 00 FA");
    }

    [Fact]
    public void A_late_servo_does_not_hear_what_comes_before_its_answer()
    {
        _arm.Bus.Faults.Late(2, TimeSpan.FromMilliseconds(50));
        _arm.Expect("FF FF 02 02 01 FA FF FF 02 02 01 FA FF FF 01 02 01 FB", "FF FF 01 02 00 FC | FF FF 02 02 00 FB");
        _arm.Bus.Faults.Late(2, TimeSpan.Zero);
        _arm.Expect("FF FF 02 02 01 FA", "FF FF 02 02 00 FB");
    }

    [Fact]
    public void A_power_dip_takes_torque_and_goals()
    {
        _driver.Broadcast(Sts3215.GoalPosition, 2048, default);
        _driver.Broadcast(Sts3215.TorqueEnable, 1, default);
        Assert.Equal(1, _driver.Read(3, Sts3215.TorqueEnable, default).Value);
        _arm.Bus.Arm.PowerDip();
        Assert.Equal(0, _driver.Read(3, Sts3215.TorqueEnable, default).Value);
        Assert.Equal(0, _driver.Read(3, Sts3215.GoalPosition, default).Value);
    }

    [Fact]
    public void A_supply_out_of_range_shows_in_every_answer()
    {
        _arm.Bus.Arm.Supply = 12;
        Testing.Until(() => _driver.Ping(1, default).Errors == ServoErrors.Voltage, "servo 1 did not report the voltage");
    }

    [Fact]
    public void The_journal_tells_who_wrote_what()
    {
        var since = _arm.Bus.Journal.Count;
        _driver.SyncWrite(Sts3215.GoalPosition.Address, 2, [1, 2], [0, 8, 1, 8], default);
        _driver.Broadcast(Sts3215.TorqueEnable, 0, default);
        Assert.NotNull(_arm.Bus.Journal.Wait(w => w.IsTorqueOffForAll, TimeSpan.FromSeconds(5), since));
        var writes = _arm.Bus.Journal.Since(since);
        Assert.Equal([1, 2, ServoFrame.Broadcast], writes.Select(w => w.Id));
        Assert.Equal([2048, 2049, null], writes.Select(w => w.Of(Sts3215.GoalPosition)));
        Assert.Equal([Instruction.SyncWrite, Instruction.SyncWrite, Instruction.Write], writes.Select(w => w.Instruction));
    }

    public void Dispose() => _arm.Dispose();

    private IEnumerable<byte> Unanswered()
    {
        Span<byte> data = stackalloc byte[12];
        var answers = new ServoAnswer[6];
        _driver.SyncRead(Sts3215.PresentPosition.Address, 2, _ids, data, answers, default);
        return _ids.Where((_, i) => !answers[i].IsOk);
    }
}
