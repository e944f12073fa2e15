using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Serial;

public sealed class FeetechBusTests : IDisposable
{
    private static readonly byte[] Six = [1, 2, 3, 4, 5, 6];

    private readonly VirtualTime time = new();
    private readonly ScriptedLink link;
    private readonly FeetechBus bus;
    private readonly byte[] data = new byte[12];
    private readonly ServoAnswer[] answers = new ServoAnswer[6];

    public FeetechBusTests()
    {
        link = new ScriptedLink(time);
        bus = new FeetechBus(link, time: time);
    }

    public void Dispose() => link.Dispose();

    [Fact]
    public void A_register_is_read_with_its_sign_and_the_servos_condition()
    {
        link.Answer = (_, asked) => link.StatusWith(0.3, asked.Id, ServoErrors.Overload, 0x64, 0x80);
        var reading = bus.Read(1, Sts3215.PresentPosition, default);
        Assert.Equal(new RegisterReading(new ServoAnswer(AnswerStatus.Ok, ServoErrors.Overload), -100), reading);
    }

    [Fact]
    public void Torque_off_for_everyone_is_one_frame()
    {
        bus.Broadcast(Sts3215.TorqueEnable, 0, default);
        Assert.Equal("FFFFFE04032800D2", Convert.ToHexString(Assert.Single(link.Sent)));
    }

    [Fact]
    public void A_silent_servo_is_asked_three_times_and_told_as_silent()
    {
        Assert.Equal(AnswerStatus.Silent, bus.Ping(1, default).Status);
        Assert.Equal(3, link.Sent.Count);
        Assert.Equal(new BusCounters(3, 3, 0, 2, 0, 0), bus.Counters);
    }

    [Fact]
    public void A_corrupt_answer_is_asked_for_again_without_the_wait_for_a_silent_one()
    {
        link.Answer = (number, _) =>
        {
            if (number == 1)
                link.Come(0.3, 0xFF, 0xFF, 1, 2, 0, 0xFD);
            else
                link.Status(0.3, 1);
        };
        Assert.True(bus.Ping(1, default).IsOk);
        Assert.Equal(1, bus.Counters.Corrupt);
    }

    [Fact]
    public void An_answer_after_the_deadline_is_not_taken_for_the_retrys()
    {
        // 60 ms late each: the first answer comes while the first try's is still awaited, before the second is sent.
        link.Answer = (number, _) => link.Status(number == 1 ? 60 : 0.3, 1, (byte)number, 0);
        Assert.Equal(2, bus.Read(1, Sts3215.PresentPosition, default).Value);
        Assert.Equal(8, bus.Counters.StaleBytes);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(130)]
    [InlineData(180)]
    [InlineData(260)]
    [InlineData(330)]
    public void On_a_line_where_every_answer_is_late_no_register_has_the_value_of_another(double late)
    {
        link.Answer = (_, asked) => link.Status(late, 1, asked.Parameters[0], 0);
        foreach (var register in (Register[])[Sts3215.HomingOffset, Sts3215.MinPositionLimit, Sts3215.MaxPositionLimit, Sts3215.PresentPosition])
        {
            var reading = bus.Read(1, register, default);
            Assert.True(!reading.IsOk || reading.Value == register.Address, $"{register} reads {reading.Value}");
        }
    }

    [Fact]
    public void A_write_is_read_back()
    {
        var kept = 0;
        link.Answer = (number, asked) =>
        {
            if (asked.Instruction == Instruction.Read)
                link.Status(0.3, 1, (byte)kept);
            else
                link.Status(0.3, 1);
        };
        Assert.False(bus.WriteChecked(1, Sts3215.TorqueEnable, 1, default));
        kept = 1;
        Assert.True(bus.WriteChecked(1, Sts3215.TorqueEnable, 1, default));
    }

    [Fact]
    public void An_EEPROM_is_taken_only_when_it_reads_twice_the_same()
    {
        var reads = 0;
        link.Answer = (_, asked) => link.Status(0.3, 1, [.. Enumerable.Repeat((byte)(reads < 2 ? ++reads : reads), asked.Parameters[1])]);
        Assert.Equal(0x0202, ServoEeprom.TryRead(bus, 1, default)![Sts3215.MaxPositionLimit]);
        link.Answer = (number, asked) => link.Status(0.3, 1, [.. Enumerable.Repeat((byte)number, asked.Parameters[1])]);
        Assert.Null(ServoEeprom.TryRead(bus, 1, default));
    }

    [Fact]
    public void An_answer_to_the_last_sync_read_is_not_taken_for_a_single_reads()
    {
        link.Answer = (number, asked) => link.Status(number == 1 ? 30 : 0.3, 1, (byte)number, 0);
        Assert.Equal(0, SyncRead());
        Assert.Equal(2, bus.Read(1, Sts3215.PresentPosition, default).Value);
    }

    [Fact]
    public void Answers_of_another_servo_or_length_are_not_taken()
    {
        link.Answer = (_, _) =>
        {
            link.Status(0.1, 2, 7, 7);
            link.Status(0.2, 1, 7);
            link.Status(0.3, 1, 1, 0);
        };
        Assert.Equal(1, bus.Read(1, Sts3215.PresentPosition, default).Value);
        Assert.Equal(2, bus.Counters.StaleAnswers);
    }

    [Fact]
    public void A_sync_read_gives_every_servos_bytes_in_order()
    {
        link.Answer = (_, _) => AnswerAll();
        Assert.Equal(6, SyncRead());
        Assert.Equal([10, 0, 20, 0, 30, 0, 40, 0, 50, 0, 60, 0], data);
        Assert.Equal("FFFFFE0A82380201020304050626", Convert.ToHexString(link.Sent[0]));
    }

    [Fact]
    public void A_silent_servo_leaves_the_other_five_their_answers_at_once()
    {
        link.Answer = (_, _) => AnswerAll(silent: 4);
        Assert.Equal(5, SyncRead());
        Assert.Equal(AnswerStatus.Silent, answers[3].Status);
        Assert.All(answers.Where((_, i) => i != 3), answer => Assert.True(answer.IsOk));
        Assert.InRange(time.GetTimestamp(), 0, 4_000);
    }

    [Fact]
    public void Six_silent_servos_cost_less_than_a_tick_at_100_hertz()
    {
        Assert.Equal(0, SyncRead());
        Assert.InRange(time.GetTimestamp(), 4_000, 10_000);
    }

    [Fact]
    public void Corrupt_and_silent_servos_are_told_apart()
    {
        link.Answer = (_, _) =>
        {
            AnswerAll(silent: 2, alsoSilent: 5);
            link.Come(0.65, 0xFF, 0xFF, 5, 4, 0, 1, 1, 1);
        };
        Assert.Equal(4, SyncRead());
        Assert.Equal((AnswerStatus.Silent, AnswerStatus.Corrupt), (answers[1].Status, answers[4].Status));
        Assert.Equal((1, 1), (bus.Counters.Timeouts, bus.Counters.Corrupt));
    }

    [Fact]
    public void An_answer_that_breaks_off_is_corrupt_and_not_silence()
    {
        link.Answer = (_, _) =>
        {
            AnswerAll(silent: 6);
            link.Come(0.7, 0xFF, 0xFF, 6, 4, 0);
        };
        Assert.Equal(5, SyncRead());
        Assert.Equal(AnswerStatus.Corrupt, answers[5].Status);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void A_late_answer_that_comes_before_those_of_servos_asked_earlier_is_taken_back(byte late)
    {
        link.Answer = (_, _) =>
        {
            link.Status(0.05, late, 99, 0);
            AnswerAll();
        };
        Assert.Equal(6, SyncRead());
        Assert.Equal([10, 0, 20, 0, 30, 0, 40, 0, 50, 0, 60, 0], data);
        Assert.Equal(1, bus.Counters.StaleAnswers);
    }

    [Fact]
    public void Input_that_nobody_asked_for_is_thrown_away()
    {
        link.Status(0, 1, 99, 0);
        link.Answer = (_, _) => AnswerAll();
        Assert.Equal(6, SyncRead());
        Assert.Equal(8, bus.Counters.StaleBytes);
        Assert.Equal(10, data[0]);
    }

    [Fact]
    public void After_a_cancelled_exchange_torque_off_waits_until_the_line_is_free()
    {
        using var cancel = new CancellationTokenSource();
        link.Answer = (number, _) =>
        {
            if (number > 1)
                return;
            AnswerAll();
            cancel.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => bus.SyncRead(56, 2, Six, data, answers, cancel.Token));
        bus.Broadcast(Sts3215.TorqueEnable, 0, default);
        Assert.Equal(48, bus.Counters.StaleBytes);
        Assert.Equal(2, link.Sent.Count);
    }

    [Fact]
    public void A_line_that_babbles_does_not_hold_up_torque_off()
    {
        for (var i = 0; i < 100; i++)
            link.Come(0, new byte[500]);
        bus.Broadcast(Sts3215.TorqueEnable, 0, default);
        Assert.Single(link.Sent);
    }

    private int SyncRead() => bus.SyncRead(56, 2, Six, data, answers, default);

    private void AnswerAll(byte silent = 0, byte alsoSilent = 0)
    {
        foreach (var id in Six.Where(id => id != silent && id != alsoSilent))
            link.Status(0.1 + 0.1 * id, id, (byte)(10 * id), 0);
    }
}
