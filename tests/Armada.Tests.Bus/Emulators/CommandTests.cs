using System.Net.Sockets;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.Serial;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;
using Armada.Testing.Processes;

namespace Armada.Tests.Bus.Emulators;

/// <summary>The command, started as a user starts it.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("armada-emulator-");

    private string Port => Path.Combine(folder.FullName, "arm");

    private string Control => Path.Combine(folder.FullName, "control");

    [Fact]
    public async Task Serves_an_arm_takes_faults_and_leaves_nothing_behind()
    {
        var calibration = Path.Combine(folder.FullName, "arm.json");
        await using var emulator = Start("so101", "--role", "follower", "--link", Port, "--control", Control, "--calibration-out", calibration);
        Assert.Equal($"ready {Port}", await emulator.PrintsAsync("", Timeout));
        using (var link = SerialPorts.Create().Open(Port, 1_000_000))
        {
            var bus = new FeetechBus(link, BusTiming.Default with { Retries = 0, AnswerAllowance = TimeSpan.FromSeconds(1) });
            Assert.True(bus.Ping(4, default).IsOk);
            Assert.Equal("ok", await Ask("silence 4"));
            Assert.False(bus.Ping(4, default).IsOk);
            Assert.Empty(ServoCalibration.Compare(ServoArm.Survey(bus, default), CalibrationFile.Read(calibration)));
        }

        await emulator.WriteLineAsync("speak 4");
        Assert.Equal("ok", await emulator.PrintsAsync("^ok", Timeout));
        Assert.StartsWith("error there is no servo 9", await Ask("silence 9"), StringComparison.Ordinal);
        Assert.StartsWith("error no command 'dance'", await Ask("dance"), StringComparison.Ordinal);
        Assert.StartsWith("ok shoulder_pan=12.0", await Ask("pose"), StringComparison.Ordinal);

        await emulator.SendAsync(Signal.Terminate);
        Assert.Equal(0, await emulator.ExitsAsync(Timeout));
        Assert.False(Path.Exists(Port));
        Assert.False(Path.Exists(Control));
    }

    [Theory]
    [InlineData("--role", "lead", "--link", "x")]
    [InlineData("--role", "leader")]
    [InlineData("--role", "leader", "--link", "x", "--hnad", "wave")]
    public async Task A_wrong_option_is_one_line_and_exit_code_2(params string[] options)
    {
        await using var emulator = Start(["so101", .. options]);
        Assert.Equal(2, await emulator.ExitsAsync(Timeout));
        Assert.Single(emulator.Lines);
    }

    [Fact]
    public void The_calibration_of_an_arm_is_what_its_servos_have()
    {
        foreach (var role in Enum.GetValues<ArmRole>())
        {
            using var arm = new PluggedArm(EmulatedArm.So101(role));
            Assert.Empty(ServoCalibration.Compare(ServoArm.Survey(arm.Driver(), default), EmulatedJoint.Calibration(role)));
        }
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static RunningProcess Start(params string[] arguments) => ArmadaProgram.Start("Armada.Emulators", arguments);

    private async Task<string?> Ask(string line)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Control));
        await using var stream = new NetworkStream(socket);
        await using var writer = new StreamWriter(stream) { AutoFlush = true };
        using var reader = new StreamReader(stream);
        await writer.WriteLineAsync(line);
        return await reader.ReadLineAsync().WaitAsync(Timeout);
    }
}
