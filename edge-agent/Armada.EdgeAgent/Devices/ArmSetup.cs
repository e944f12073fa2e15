using System.Collections.Immutable;
using Armada.Devices.Arms;
using Armada.Devices.Calibration;
using Armada.Devices.ServoBus;

namespace Armada.EdgeAgent.Devices;

/// <summary>Brings an arm from an open bus to where its loop can begin: which calibration holds, and which servos are there.</summary>
internal sealed partial class ArmSetup(Device device, KnownArms arms, ILogger<ArmSetup> logger)
{
    private ImmutableArray<ServoEeprom?> survey;
    private DateTime writtenAt;

    /// <summary>The calibration that holds: the servos' own, or the file's where the servos agree with it.</summary>
    /// <exception cref="ArmNotReadyException">They differ and may not be written.</exception>
    public ArmCalibration Calibrate(FeetechBus bus, CancellationToken cancellation)
    {
        try
        {
            return Find(bus, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whoever had the arm before, as an agent that was killed, may have left it under power.
            ServoArm.TryTorqueOff(bus);
            throw;
        }
    }

    /// <summary>Starts an arm as it was found.</summary>
    /// <exception cref="ArmNotReadyException">No servo is ready, or one keeps a calibration that cannot be used.</exception>
    public ArmStartupReport Start(ServoArm arm, CancellationToken cancellation) => Start(arm, arm.Calibration, cancellation);

    /// <summary>Starts an arm again when servos came back that its start left out: their calibration is looked at as at first.</summary>
    /// <exception cref="ArmNotReadyException">As with <see cref="Calibrate"/> and <see cref="Start(ServoArm, CancellationToken)"/>.</exception>
    public ArmStartupReport StartAgain(ServoArm arm, CancellationToken cancellation) => Start(arm, Calibrate(arm.Bus, cancellation), cancellation);

    /// <summary>Whether the calibration file was replaced by one that the servos agree with, so that another start is due. One that does not
    /// fit is named, and the arm goes on with the one it has.</summary>
    public bool HasNewCalibration()
    {
        var file = device.Settings.Calibration;
        if (file == DeviceSettings.FromEeprom || File.GetLastWriteTimeUtc(file) is var at && at == writtenAt)
            return false;
        writtenAt = at;
        try
        {
            if (ServoCalibration.Compare(survey, CalibrationFile.Read(file)) is not [var first, ..])
                return true;
            LogProblem(device.Name, $"the new {file} is not the calibration of these servos ({first}), and not used");
        }
        catch (CalibrationException e)
        {
            LogProblem(device.Name, $"the new calibration is not used: {e.Message}");
        }

        return false;
    }

    private ArmStartupReport Start(ServoArm arm, ArmCalibration calibration, CancellationToken cancellation)
    {
        var start = TryStart(arm, calibration, cancellation);
        foreach (var problem in start.Problems)
            LogProblem(device.Name, problem);
        if (!start.Ready.IsEmpty)
            arms.Learn(device.Name, ArmFingerprint.Of(survey));
        else
            throw new ArmNotReadyException($"no servo is ready on {arm.Bus.Port}: check the arm's power and its cable");
        return start;
    }

    private ArmCalibration Find(FeetechBus bus, CancellationToken cancellation)
    {
        try
        {
            survey = ServoArm.Survey(bus, cancellation);
            // Read again each time: it may have been replaced since.
            writtenAt = File.GetLastWriteTimeUtc(device.Settings.Calibration);
            var file = device.Settings.Calibration == DeviceSettings.FromEeprom ? null : CalibrationFile.Read(device.Settings.Calibration);
            ImmutableArray<CalibrationMismatch> mismatches = file is null ? [] : ServoCalibration.Compare(survey, file);
            arms.Recognize(device.Settings, bus.Port, ArmFingerprint.Of(survey), fits: file is not null && mismatches.IsEmpty);
            if (SupplyWindow.FindProblem(device.Settings, bus, survey, cancellation) is { } problem)
                throw new ArmNotReadyException(problem);
            if (file is null)
                return ArmCalibration.OfServos(bus.Port);
            if (mismatches is [var first, ..])
                Reconcile(bus, file, first, mismatches, cancellation);
            return file;
        }
        catch (CalibrationException e)
        {
            throw new ArmNotReadyException(e.Message);
        }
    }

    private ArmStartupReport TryStart(ServoArm arm, ArmCalibration calibration, CancellationToken cancellation)
    {
        try
        {
            return arm.Start(survey, calibration, cancellation);
        }
        catch (CalibrationException e)
        {
            throw new ArmNotReadyException(e.Message);
        }
    }

    private void Reconcile(
        FeetechBus bus, ArmCalibration wanted, CalibrationMismatch first, ImmutableArray<CalibrationMismatch> all, CancellationToken cancellation)
    {
        if (device.Settings.OnCalibrationMismatch == OnMismatch.Refuse)
        {
            throw new ArmNotReadyException(
                $"{wanted.Source} is not the calibration of these servos ({first}{(all.Length > 1 ? $", and {all.Length - 1} more" : "")}): "
                + "name the right file, or calibrate this arm again");
        }

        ServoCalibration.Write(bus, wanted, survey, cancellation);
        survey = ServoArm.Survey(bus, cancellation);
        LogWritten(device.Name, wanted.Source, all.Length);
    }

    [LoggerMessage(3010, LogLevel.Warning, "{Device}: {Problem}")]
    private partial void LogProblem(string device, string problem);

    [LoggerMessage(3011, LogLevel.Warning, "{Device}: wrote {Count} value(s) of {Source} into its servos")]
    private partial void LogWritten(string device, string source, int count);
}
