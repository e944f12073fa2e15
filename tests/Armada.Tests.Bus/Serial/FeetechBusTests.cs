using Armada.Devices.ServoBus;

namespace Armada.Tests.Bus.Serial;

public sealed class FeetechBusTests : IDisposable
{
    private static readonly byte[] Six = [1, 2, 3, 4, 5, 6];

    private readonly VirtualTime _time = new();
    private readonly ScriptedLink _link;
    private readonly FeetechBus _bus;
    private readonly byte[] _data = new byte[12];
    private readonly ServoAnswer[] _answers = new ServoAnswer[6];

    public FeetechBusTests()
    {
        _link = new ScriptedLink(_time);
        _bus = new FeetechBus(_link, time: _time);
    }

    public void Dispose() => _link.Dispose();

    [Fact]
    public void A_register_is_read_with_its_sign_and_the_servos_condition()
    {
        _link.Answer = (_, asked) => _link.StatusWith(0.3, asked.Id, ServoErrors.Overload, 0x64, 0x80);
        var reading = _bus.Read(1, Sts3215.PresentPosition, default);
        Assert.Equal(new RegisterReading(new ServoAnswer(AnswerStatus.Ok, ServoErrors.Overload), -100), reading);
    }

    [Fact]
    public void Torque_off_for_everyone_is_one_frame()
    {
        _bus.Broadcast(Sts3215.TorqueEnable, 0, default);
        Assert.Equal("FFFFFE04032800D2", Convert.ToHexString(Assert.Single(_link.Sent)));
    }

    [Fact]
    public void A_silent_servo_is_asked_three_times_and_told_as_silent()
    {
        Assert.Equal(AnswerStatus.Silent, _bus.Ping(1, default).Status);
        Assert.Equal(3, _link.Sent.Count);
        Assert.Equal(new BusCounters(3, 3, 0, 2, 0, 0), _bus.Counters);
    }

    [Fact]
    public void A_corrupt_answer_is_asked_for_again_without_the_wait_for_a_silent_one()
    {
        _link.Answer = (number, _) =>
        {
            if (number == 1)
                _link.Come(0.3, 0xFF, 0xFF, 1, 2, 0, 0xFD);
            else
                _link.Status(0.3, 1);
        };
        Assert.True(_bus.Ping(1, default).IsOk);
        Assert.Equal(1, _bus.Counters.Corrupt);
    }

    [Fact]
    public void An_answer_after_the_deadline_is_not_taken_for_the_retrys()
    {
        // 60 ms late each: the first answer comes while the first try's is still awaited, before the second is sent.
        _link.Answer = (number, _) => _link.Status(number == 1 ? 60 : 0.3, 1, (byte)number, 0);
        Assert.Equal(2, _bus.Read(1, Sts3215.PresentPosition, default).Value);
        Assert.Equal(8, _bus.Counters.StaleBytes);
    }

    [Fact]
    public void An_answer_to_the_last_sync_read_is_not_taken_for_a_single_reads()
    {
        _link.Answer = (number, asked) => _link.Status(number == 1 ? 30 : 0.3, 1, (byte)number, 0);
        Assert.Equal(0, SyncRead());
        Assert.Equal(2, _bus.Read(1, Sts3215.PresentPosition, default).Value);
    }

    [Fact]
    public void Answers_of_another_servo_or_length_are_not_taken()
    {
        _link.Answer = (_, _) =>
        {
            _link.Status(0.1, 2, 7, 7);
            _link.Status(0.2, 1, 7);
            _link.Status(0.3, 1, 1, 0);
        };
        Assert.Equal(1, _bus.Read(1, Sts3215.PresentPosition, default).Value);
        Assert.Equal(2, _bus.Counters.StaleAnswers);
    }

    [Fact]
    public void A_sync_read_gives_every_servos_bytes_in_order()
    {
        _link.Answer = (_, _) => AnswerAll();
        Assert.Equal(6, SyncRead());
        Assert.Equal([10, 0, 20, 0, 30, 0, 40, 0, 50, 0, 60, 0], _data);
        Assert.Equal("FFFFFE0A82380201020304050626", Convert.ToHexString(_link.Sent[0]));
    }

    [Fact]
    public void A_silent_servo_leaves_the_other_five_their_answers_at_once()
    {
        _link.Answer = (_, _) => AnswerAll(silent: 4);
        Assert.Equal(5, SyncRead());
        Assert.Equal(AnswerStatus.Silent, _answers[3].Status);
        Assert.All(_answers.Where((_, i) => i != 3), answer => Assert.True(answer.IsOk));
        Assert.InRange(_time.GetTimestamp(), 0, 4_000);
    }

    [Fact]
    public void Six_silent_servos_cost_less_than_a_tick_at_100_hertz()
    {
        Assert.Equal(0, SyncRead());
        Assert.InRange(_time.GetTimestamp(), 4_000, 10_000);
    }

    [Fact]
    public void Corrupt_and_silent_servos_are_told_apart()
    {
        _link.Answer = (_, _) =>
        {
            AnswerAll(silent: 2, alsoSilent: 5);
            _link.Come(0.65, 0xFF, 0xFF, 5, 4, 0, 1, 1, 1);
        };
        Assert.Equal(4, SyncRead());
        Assert.Equal((AnswerStatus.Silent, AnswerStatus.Corrupt), (_answers[1].Status, _answers[4].Status));
        Assert.Equal((1, 1), (_bus.Counters.Timeouts, _bus.Counters.Corrupt));
    }

    [Fact]
    public void An_answer_that_breaks_off_is_corrupt_and_not_silence()
    {
        _link.Answer = (_, _) =>
        {
            AnswerAll(silent: 6);
            _link.Come(0.7, 0xFF, 0xFF, 6, 4, 0);
        };
        Assert.Equal(5, SyncRead());
        Assert.Equal(AnswerStatus.Corrupt, _answers[5].Status);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void A_late_answer_that_comes_before_those_of_servos_asked_earlier_is_taken_back(byte late)
    {
        _link.Answer = (_, _) =>
        {
            _link.Status(0.05, late, 99, 0);
            AnswerAll();
        };
        Assert.Equal(6, SyncRead());
        Assert.Equal([10, 0, 20, 0, 30, 0, 40, 0, 50, 0, 60, 0], _data);
        Assert.Equal(1, _bus.Counters.StaleAnswers);
    }

    [Fact]
    public void Input_that_nobody_asked_for_is_thrown_away()
    {
        _link.Status(0, 1, 99, 0);
        _link.Answer = (_, _) => AnswerAll();
        Assert.Equal(6, SyncRead());
        Assert.Equal(8, _bus.Counters.StaleBytes);
        Assert.Equal(10, _data[0]);
    }

    [Fact]
    public void After_a_cancelled_exchange_torque_off_waits_until_the_line_is_free()
    {
        using var cancel = new CancellationTokenSource();
        _link.Answer = (number, _) =>
        {
            if (number > 1)
                return;
            AnswerAll();
            cancel.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => _bus.SyncRead(56, 2, Six, _data, _answers, cancel.Token));
        _bus.Broadcast(Sts3215.TorqueEnable, 0, default);
        Assert.Equal(48, _bus.Counters.StaleBytes);
        Assert.Equal(2, _link.Sent.Count);
    }

    [Fact]
    public void A_line_that_babbles_does_not_hold_up_torque_off()
    {
        for (var i = 0; i < 100; i++)
            _link.Come(0, new byte[500]);
        _bus.Broadcast(Sts3215.TorqueEnable, 0, default);
        Assert.Single(_link.Sent);
    }

    private int SyncRead() => _bus.SyncRead(56, 2, Six, _data, _answers, default);

    private void AnswerAll(byte silent = 0, byte alsoSilent = 0)
    {
        foreach (var id in Six.Where(id => id != silent && id != alsoSilent))
            _link.Status(0.1 + 0.1 * id, id, (byte)(10 * id), 0);
    }
}
