using System.Buffers;
using System.Text;
using Armada.Core.Arena;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Pure.Wire.Arena;

/// <summary>Whatever bytes come, the reader answers; and what the writer wrote, it reads.</summary>
public sealed class ArenaProperties
{
    private static readonly byte[][] Samples =
    [
        """{"type":"command","robot_id":"r","data":{"joints":[{"name":"Rotation","value":12.5,"speed":60}],"duration":5}}"""u8.ToArray(),
        """{"type":"sequence","data":{"id":"a","commands":[{"timestamp":0,"joints":[{"name":"a","value":1}]}],"loop":true}}"""u8.ToArray(),
        """{"type":"slave_status","data":{"joints":[{"name":"a","virtual_value":1,"real_value":2}]}}"""u8.ToArray(),
        """{"type":"command_ack","data":{"accepted":false,"reason":"\u00e9"}}"""u8.ToArray(),
        """{"type":"error","slave_id":"s","data":{"code":"c","message":"m"}}"""u8.ToArray(),
    ];

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"type\"", "\"command\"", "\"data\"", "\"joints\"", "\"name\"", "\"value\"", "\"sequence\"", "\"commands\"",
        "\"timestamp\"", "1", "-1e308", "1e999", "null", "true", "\"\\ud800\"", "\"a\"", "\"speed\"", " ",
    ];

    [Fact]
    public void Any_bytes_are_a_message_or_a_problem() => Bytes.Check(bytes => IsSound(bytes));

    [Fact]
    public void Damaged_messages_are_messages_or_problems() => Bytes.Check(bytes => Samples.All(sample => IsSound(Damaged(sample, bytes))), times: 3000);

    [Fact]
    public void Any_shape_of_json_is_a_message_or_a_problem() =>
        Bytes.Check(bytes => IsSound(Encoding.UTF8.GetBytes(string.Concat(bytes.Select(b => Pieces[b % Pieces.Length])))), times: 3000);

    [Fact]
    public void What_was_written_is_read() => Prop.ForAll<double[], long>((numbers, at) =>
    {
        var positions = numbers.Take(ArenaReader.MaxJoints).Select(number => double.IsFinite(number) ? number % 360 : double.NaN).ToArray();
        using var writer = new ArenaWriter("arm", positions.Select((_, joint) => $"j\"{joint}"));
        var written = new ArrayBufferWriter<byte>();
        var expected = positions.Select((value, joint) => new ArenaGoal($"j\"{joint}", Math.Round(value, 3)))
            .Where(goal => double.IsFinite(goal.Value)).ToArray();

        Assert.Equal(expected.Length > 0, writer.TryWriteCommand(written, at, positions));
        if (expected.Length == 0)
            return;
        Assert.True(ArenaReader.TryRead(written.WrittenSpan, out var message, out var problem), problem);
        Assert.Equal(expected, Assert.IsType<ArenaMessage.Command>(message).Joints.ToArray());
    }).QuickCheckThrowOnFailure();

    private static bool IsSound(byte[] json)
    {
        if (!ArenaReader.TryRead(json, out var message, out var problem))
            return message is null && problem.Length > 0;
        return problem is null && message switch
        {
            ArenaMessage.Command command => command.Joints.Length is > 0 and <= ArenaReader.MaxJoints && command.Joints.All(IsSound),
            ArenaMessage.Sequence { Content.Commands: var commands } =>
                commands.Length is > 0 and <= ArenaReader.MaxCommands && commands.All(command => command.At >= TimeSpan.Zero && command.Joints.All(IsSound)),
            _ => true,
        };
    }

    private static bool IsSound(ArenaGoal goal) =>
        goal.Name.Length is > 0 and <= ArenaReader.MaxNameLength && double.IsFinite(goal.Value) && goal.Speed is null or (> 0 and < double.PositiveInfinity);

    private static byte[] Damaged(byte[] sample, byte[] by)
    {
        var damaged = sample.ToArray();
        for (var at = 0; at + 1 < by.Length && at < 6; at += 2)
            damaged[by[at] % damaged.Length] = by[at + 1];
        return damaged;
    }
}
