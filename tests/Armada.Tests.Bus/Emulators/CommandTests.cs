using System.Diagnostics;
using System.Net.Sockets;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.Serial.Posix;
using Armada.Devices.ServoBus;
using Armada.Emulators.Arms;

namespace Armada.Tests.Bus.Emulators;

/// <summary>The command, started as a user starts it.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("armada-emulator-");

    private string Port => Path.Combine(_folder.FullName, "arm");

    private string Control => Path.Combine(_folder.FullName, "control");

    [Fact]
    public async Task Serves_an_arm_takes_faults_and_leaves_nothing_behind()
    {
        var calibration = Path.Combine(_folder.FullName, "arm.json");
        using var emulator = Start("so101", "--role", "follower", "--link", Port, "--control", Control, "--calibration-out", calibration);
        Assert.Equal($"ready {Port}", await Line(emulator.StandardOutput));
        using (var link = new PosixSerialPorts().Open(Port, 1_000_000))
        {
            var bus = new FeetechBus(link, BusTiming.Default with { Retries = 0, AnswerAllowance = TimeSpan.FromSeconds(1) });
            Assert.True(bus.Ping(4, default).IsOk);
            Assert.Equal("ok", await Ask("silence 4"));
            Assert.False(bus.Ping(4, default).IsOk);
            Assert.Empty(ServoCalibration.Compare(bus, CalibrationFile.Read(calibration), default).Where(m => m.Joint.Id != 4));
        }

        await emulator.StandardInput.WriteLineAsync("speak 4");
        Assert.Equal("ok", await Line(emulator.StandardOutput));
        Assert.StartsWith("error there is no servo 9", await Ask("silence 9"), StringComparison.Ordinal);
        Assert.StartsWith("error no command 'dance'", await Ask("dance"), StringComparison.Ordinal);
        Assert.StartsWith("ok shoulder_pan=12.0", await Ask("pose"), StringComparison.Ordinal);

        using (Process.Start("kill", ["-TERM", $"{emulator.Id}"]))
            Assert.Equal(0, await Exit(emulator));
        Assert.False(Path.Exists(Port));
        Assert.False(Path.Exists(Control));
    }

    [Theory]
    [InlineData("--role", "lead", "--link", "x")]
    [InlineData("--role", "leader")]
    [InlineData("--role", "leader", "--link", "x", "--hnad", "wave")]
    public async Task A_wrong_option_is_one_line_and_exit_code_2(params string[] options)
    {
        using var emulator = Start(["so101", .. options]);
        var complaint = await emulator.StandardError.ReadToEndAsync().WaitAsync(_patience);
        Assert.Single(complaint.TrimEnd().Split('\n'));
        Assert.Equal(2, await Exit(emulator));
    }

    [Fact]
    public void The_calibration_of_an_arm_is_what_its_servos_have()
    {
        foreach (var role in Enum.GetValues<ArmRole>())
        {
            using var arm = new PluggedArm(EmulatedArm.So101(role));
            Assert.Empty(ServoCalibration.Compare(arm.Driver(), JointFit.Calibration(role), default));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Process Start(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Armada.Emulators.dll");
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    private static async Task<string?> Line(StreamReader reader) => await reader.ReadLineAsync().WaitAsync(_patience);

    private static async Task<int> Exit(Process process)
    {
        using var patience = new CancellationTokenSource(_patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    private async Task<string?> Ask(string line)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Control));
        await using var stream = new NetworkStream(socket);
        await using var writer = new StreamWriter(stream) { AutoFlush = true };
        using var reader = new StreamReader(stream);
        await writer.WriteLineAsync(line);
        return await Line(reader);
    }
}
